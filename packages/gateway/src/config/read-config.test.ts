import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readConfigFile } from "./read-config.js";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tr-config-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function read(config: unknown, environment: Record<string, string | undefined> = {}) {
  const file = join(folder, "gateway.json");
  writeFileSync(file, typeof config === "string" ? config : JSON.stringify(config));
  return readConfigFile(file, environment);
}

/** As it stands in a file: ${NAME} or ${NAME:-general}. */
const variable = (name: string, general?: string) =>
  `\${${name}${general === undefined ? "" : `:-${general}`}}`;

const rag = { backend_class: "backends:RagBackend" };

describe("a config file", () => {
  it("becomes options: seconds as milliseconds, paths from its own folder", () => {
    const template = { model: "small", generate_cfg: { temperature: 0.85 } };
    const options = read({
      _remark: "keys that begin with _ are remarks",
      server: {
        ...{ url: "http://127.0.0.1:18890", port: 18890, auth: "token", session_ttl: 300 },
        ...{ allowed_hosts: ["a.example.org"], drain_timeout: 2.5, log_format: "json" },
      },
      agent: {
        ...{ script: "agent.py", template, max_concurrent: 3, acquire_timeout: 300 },
        ...{ isolation: "instance", spawn: "process", resume_grace: 0.25, _note: 1 },
      },
    });
    expect(options).toEqual({
      ...{ host: "127.0.0.1", port: 18890, auth: "token", allowedHosts: ["a.example.org"] },
      ...{ drainMs: 2500, log: { format: "json" } },
      chat: {
        ...{ script: join(folder, "agent.py"), template, maxConcurrent: 3 },
        ...{ acquireTimeoutMs: 300_000, resumeGraceMs: 250 },
        ...{ isolation: "instance", spawn: "process" },
      },
    });
    const agent = { script: "agent.py" };
    const times = { keep_time: 3_000_000, keep_count: 5, max_queued: 2 };
    expect(read({ agent, tasks: times }).tasks).toEqual({
      ...{ keepMs: 3e9, keepCount: 5, maxQueued: 2 },
      dataDir: join(folder, "gateway.json.data"),
    });
    expect(read({ agent, tasks: { data_dir: "d" } }).tasks).toEqual({ dataDir: join(folder, "d") });
    expect(read({ server: { url: "http://[::1]:5" } })).toMatchObject({ host: "::1", port: 5 });
  });

  it("takes variables of the environment, with defaults, at any depth", () => {
    const agent = {
      script: `${variable("DIR", "scripts")}/agent.py`,
      max_concurrent: variable("COUNT"),
      template: {
        ...{
          a: [`${variable("A")}-${variable("B", "b")}`],
          empty: variable("EMPTY", "full"),
          nothing: variable("EMPTY"),
          blank: variable("X", ""),
        },
        prompt: `say $${variable("A")} for $5 {A}`,
      },
    };
    const { chat } = read({ agent }, { COUNT: "2", A: "1", EMPTY: "" });
    expect(chat).toEqual({
      ...{ script: join(folder, "scripts", "agent.py"), maxConcurrent: 2 },
      template: {
        ...{ a: ["1-b"], empty: "full", nothing: "", blank: "" },
        prompt: `say ${variable("A")} for $5 {A}`,
      },
    });
  });

  it("has back ends, stateless tools, and which are warmed up", () => {
    const config = { index: variable("INDEX_PATH", "index"), _kept: 1 };
    const resources = {
      _remark: "off by now:",
      rag: { enabled: true, ...rag, isolation: "shared", config },
      vm: { enabled: false, backend_class: "vms:Vm" },
      shell: { backend_class: "shells.Shell", isolation: "session" },
    };
    const apis = {
      echo: { function: "backends:echo", config: {} },
      now: { function: "clock.now" },
    };
    const server = { session_ttl: 1.5, api_replicas: 2 };
    const sandbox = {
      folder,
      resources: {
        rag: {
          ...{ backendClass: "backends:RagBackend", isolation: "shared" },
          config: { index: "index", _kept: 1 },
        },
        shell: { backendClass: "shells.Shell", isolation: "session" },
      },
      apis: { echo: { function: "backends:echo", config: {} }, now: { function: "clock.now" } },
      ...{ sessionTtlMs: 1500, apiReplicas: 2 },
    };
    expect(read({ server, resources, apis })).toEqual({ log: {}, sandbox });
    const warmed = (warmup: object) => read({ resources, warmup }).sandbox?.warmup;
    expect(warmed({})).toEqual(["rag", "shell"]);
    expect(warmed({ resources: ["vm", "rag"] })).toEqual(["rag"]);
    expect(warmed({ enabled: false, resources: ["rag"] })).toEqual([]);
    expect(read({ resources }).sandbox?.warmup).toBeUndefined();
    expect(read({ agent: { script: "a.py" }, resources }).chat).toBeDefined();
    expect(read({ agent: { script: "a.py" } }).sandbox).toBeUndefined();
  });

  it.each([
    ["agent.script", { agent: {} }, /agent\.script: .*expected string/],
    [
      "an unknown key",
      { agent: { script: "a.py", max_concurent: 2 } },
      /: agent\.max_concurent: there is no such key/,
    ],
    ["an unknown key at the top", { sever: {} }, /: sever: there is no such key/],
    ["a wrong type", { server: { port: "x" } }, /server\.port: .*expected number/],
    ["a wrong number", { server: { port: 70_000 } }, /server\.port: /],
    ["a wrong word", { agent: { script: "a.py", isolation: "thread" } }, /agent\.isolation: /],
    [
      "a time below zero",
      { agent: { script: "a.py", acquire_timeout: -1 } },
      /agent\.acquire_timeout: /,
    ],
    [
      "two ports",
      { server: { url: "http://127.0.0.1:1", port: 2 } },
      /server\.port: is 2, but server\.url says 1/,
    ],
    ["https", { server: { url: "https://127.0.0.1:1" } }, /server\.url: /],
    [
      "a variable that is not set",
      { agent: { script: "a.py", template: { key: [variable("KEY")] } } },
      /agent\.template\.key\.0: the variable KEY is not set/,
    ],
    ["tasks without an agent", { tasks: {} }, /: tasks: .*expected the part agent too/],
    [
      "a key that tasks do not have",
      { agent: { script: "a.py" }, tasks: { dir: "d" } },
      /tasks\.dir: /,
    ],
    ["a list", [], /expected object/],
    ["no JSON", "{,", /JSON/],
    ["a back end without class", { resources: { rag: {} } }, /resources\.rag\.backend_class: /],
    [
      "a class without its module",
      { resources: { rag: { backend_class: "RagBackend" } } },
      /resources\.rag\.backend_class: expected module:Class or module\.Class/,
    ],
    [
      "a back end with a colon in its name",
      { resources: { "a:b": { backend_class: "b:B" } } },
      /resources\.a:b: expected a name without spaces and colons/,
    ],
    ["a tool with one", { apis: { "a:b": { function: "b:c" } } }, /apis\.a:b: expected a name/],
    [
      "an unknown isolation",
      { resources: { rag: { ...rag, isolation: "x" } } },
      /rag\.isolation: /,
    ],
    ["a function that is none", { apis: { echo: { function: "echo" } } }, /apis\.echo\.function: /],
    [
      "a back end to warm up that there is not",
      { resources: { rag }, warmup: { resources: ["rag", "vm"] } },
      /warmup\.resources\.1: there is no "vm" in resources; there are: rag/,
    ],
    ["warm-up of nothing", { warmup: {} }, /: warmup: .*expected the part resources too/],
    ["a life of no time", { server: { session_ttl: 0 } }, /server\.session_ttl: /],
    [
      "a back end's variable that is not set",
      { resources: { rag: { ...rag, config: { index: variable("INDEX") } } } },
      /resources\.rag\.config\.index: the variable INDEX is not set/,
    ],
  ])("names the place of %s", (_, config, message) => {
    const invalid = expect.objectContaining({ code: "TR_INVALID_ARGUMENT" });
    expect(() => read(config)).toThrow(message);
    expect(() => read(config)).toThrow(/^gateway\.json: /);
    expect(() => read(config)).toThrow(invalid);
  });

  it("that is not there says so", () => {
    expect(() => readConfigFile(join(folder, "none.json"))).toThrow(/none\.json: ENOENT/);
  });
});
