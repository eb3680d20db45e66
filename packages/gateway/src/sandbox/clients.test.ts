import { once } from "node:events";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Sandbox } from "@tr/sandbox";
import { tensor } from "@tr/tsr-codec";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { backEndsFolder, until } from "../../test/gateways.js";

// Inside this package, so that a config file there finds it as one of a program with @tr/gateway installed.
const home = mkdtempSync(join(import.meta.dirname, "..", "..", "dist", "clients-"));
const state = join(home, "state");
const original = { ...process.env };
let number = 0;

beforeAll(() => {
  cpSync(join(backEndsFolder, "back_ends.py"), join(home, "back_ends.py"));
  mkdirSync(join(home, "workspace"));
  Object.assign(process.env, { TR_STATE_DIR: state, TR_WORKSPACE: join(home, "workspace") });
  delete process.env.TR_GATEWAY_TOKEN;
});
afterAll(() => {
  // They outlive programs on purpose, and so would they a test that has failed.
  for (const { pid } of notes()) process.kill(pid, "SIGKILL");
  Object.assign(process.env, original);
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  return port;
}

/** A config file of its own, and what its back end writes down. */
async function newConfig(server: object = {}) {
  const name = join(home, `sandbox-${++number}`);
  const log = `${name}.log`;
  writeFileSync(log, "");
  const notes = { backend_class: "back_ends:Notes", config: { log } };
  const own = { backend_class: "back_ends:Notes", isolation: "session", config: {} };
  const config = {
    server: { port: await freePort(), ...server },
    resources: { notes, own },
    apis: { echo: { function: "back_ends:echo", config: { prefix: ">" } } },
  };
  writeFileSync(`${name}.json`, JSON.stringify(config));
  const lines = () => readFileSync(log, "utf8").trim().split("\n");
  return { file: `${name}.json`, lines };
}

const failure = (of: Promise<unknown>) =>
  of.then(
    () => expect.unreachable(),
    (error) => error,
  );
const notes = () =>
  readdirSync(join(state, "servers")).map((file) => {
    return JSON.parse(readFileSync(join(state, "servers", file), "utf8"));
  });

describe("the client in TypeScript", () => {
  let config: Awaited<ReturnType<typeof newConfig>>;
  let sandbox: Sandbox;
  beforeAll(async () => {
    config = await newConfig({ session_ttl: 2, max_body_bytes: 2 ** 20 });
    sandbox = new Sandbox({ config: config.file, heartbeatMs: 200 });
    await sandbox.start();
  });
  afterAll(async () => {
    await sandbox.shutdownServer();
    await sandbox.close();
    expect(notes()).toEqual([]);
    expect(config.lines().at(-1)).toBe("shutdown");
    const left = readdirSync(join(home, "workspace"), { recursive: true, encoding: "utf8" });
    expect(left.filter((path) => path.includes("tr_session_"))).toEqual([]);
  });

  it("starts a server that any other finds with its token, also by address alone", async () => {
    await using other = new Sandbox({ serverUrl: sandbox.url ?? "" });
    await other.start();
    expect((await other.ready()).status).toBe("ready");
    expect(notes()).toMatchObject([{ url: sandbox.url, config: config.file }]);
    expect(readFileSync(`${config.file}.token`, "utf8").trim()).toBe(notes()[0].token);
    await using stranger = new Sandbox({ serverUrl: sandbox.url ?? "", token: "x".repeat(20) });
    expect(await failure(stranger.tools())).toMatchObject({
      ...{ code: "TR_SANDBOX_UNREACHABLE", status: 401 },
    });
  });

  it("warms up, makes sessions and runs tools in them", async () => {
    expect(await sandbox.warmup(["notes"])).toMatchObject({
      ...{ status: "success", results: { notes: true }, summary: { warmedUp: 1 } },
    });
    expect((await sandbox.warmupStatus()).backends.notes).toEqual({ loaded: true, warmedUp: true });
    const session = await sandbox.createSession("notes", { texts: ["a"] }, { customName: "mine" });
    expect(session).toMatchObject({ sessionName: "mine", sessionStatus: "active" });
    expect(await sandbox.createSession("notes")).toEqual({ ...session, sessionStatus: "exists" });
    await sandbox.execute("notes:add", { text: "b" });
    const { data, meta } = await sandbox.execute<string[]>("notes:all");
    expect(data).toEqual(["a", "b"]);
    expect(meta).toMatchObject({ tool: "notes:all", sessionId: session.sessionId });
    expect(meta.executionTimeMs).toBeGreaterThanOrEqual(0);
    expect(meta).not.toHaveProperty("temporarySession");
    const { sessions } = await sandbox.listSessions();
    expect(sessions[0]).toMatchObject({ sessionId: session.sessionId, status: "active" });
    expect(await sandbox.refreshSession("notes")).toMatchObject({ sessionId: session.sessionId });
    expect(await sandbox.refreshSession()).toMatchObject({
      ...{ refreshedCount: 1, details: { notes: { sessionId: session.sessionId } } },
    });
    expect(await sandbox.heartbeat()).toMatchObject({ activeSessions: ["notes"] });
    const status = await sandbox.status();
    expect(status.sessions.notes).toMatchObject({ sessionId: session.sessionId, status: "active" });
    expect(status.toolsAvailable).toBeGreaterThan(10);
    const destroyed = await sandbox.destroySession("notes");
    expect(destroyed).toMatchObject({ sessionId: session.sessionId, message: "session destroyed" });
    const temporary = await sandbox.execute("notes:all");
    expect(temporary).toMatchObject({ data: [], meta: { temporarySession: true } });
    expect(config.lines().slice(0, 3)).toEqual([
      ...["warmup", `initialize ${sandbox.workerId}`, `cleanup ${sandbox.workerId}`],
    ]);
  });

  it("makes sessions from configs", async () => {
    expect(await sandbox.initResource("notes", { texts: ["i"] })).toMatchObject({
      ...{ resourceType: "notes", sessionStatus: "active" },
    });
    const made = await sandbox.initResources({ own: { texts: ["o"] }, none: {} });
    expect(made).toMatchObject({ code: 5010, total: 2, successCount: 1 });
    expect(made.results).toMatchObject({ own: { status: "success" }, none: { status: "error" } });
    expect((await sandbox.execute("own:all")).data).toEqual(["o"]);
    expect(await sandbox.disconnect()).toMatchObject({ sessionsCleaned: 2 });
    writeFileSync(join(home, "init.json"), JSON.stringify({ notes: { content: {} } }));
    const texts = { notes: { content: { texts: ["f"] } } };
    expect(await sandbox.initFromConfig("init.json", texts)).toMatchObject({ successCount: 1 });
    expect((await sandbox.execute("notes:all")).data).toEqual(["f"]);
    await sandbox.destroySession("notes");
    expect(await failure(sandbox.initFromConfig("../no.json"))).toMatchObject({ toolCode: 4002 });
  });

  it("sends and gets tensors, and lists the tools with their schemas", async () => {
    const values = tensor(new Float32Array([1, 2, 4]), [3, 1]);
    const { data } = await sandbox.execute("notes:half", { values });
    expect(data).toEqual({ dtype: "float32", shape: [3, 1], data: new Float32Array([0.5, 1, 2]) });
    const { tools, count } = await sandbox.tools();
    expect(tools).toHaveLength(count);
    const half = tools.find(({ fullName }) => fullName === "notes:half");
    expect(half).toMatchObject({ resourceType: "notes", stateless: false });
    expect(await sandbox.toolSchema("notes:half")).toEqual(half);
    expect((await sandbox.tools({ includeHidden: true })).count).toBeGreaterThan(count);
    expect(await failure(sandbox.toolSchema("none"))).toMatchObject({ toolCode: 4002 });
    expect(await sandbox.execute("echo", { message: "hi" })).toMatchObject({ data: ">hi" });
  });

  it("says how a tool failed", async () => {
    const fail = (how: string) => failure(sandbox.execute("notes:fail", { how }));
    expect(await fail("tool")).toMatchObject({
      ...{ code: "TR_TOOL_ERROR", toolCode: 4001, data: { hint: "add one" } },
    });
    expect(await fail("own")).toMatchObject({ toolCode: 4000, data: [1] });
    expect(await fail("raise")).toMatchObject({
      ...{ toolCode: 5005, data: { traceback: expect.stringContaining("on purpose") } },
    });
    expect(await failure(sandbox.execute("notes:add", {}))).toMatchObject({ toolCode: 4003 });
    expect(await failure(sandbox.execute("notes:add", { text: 1 }))).toMatchObject({
      toolCode: 4004,
    });
    expect(await failure(sandbox.execute("nothing"))).toMatchObject({ toolCode: 4002 });
    expect(await failure(sandbox.createSession("own", { refuse: true }))).toMatchObject({
      ...{ code: "TR_SANDBOX_SESSION", toolCode: 4007 },
    });
    expect(await failure(sandbox.createSession("nothing"))).toMatchObject({
      code: "TR_SANDBOX_SESSION",
    });
    const timeoutMs = 200;
    const late = failure(sandbox.execute("notes:nap", { seconds: 60 }, { timeoutMs }));
    expect(await late).toMatchObject({ code: "TR_TOOL_ERROR", toolCode: 5006 });
    const exit = failure(sandbox.execute("own:fail", { how: "exit" }));
    expect(await exit).toMatchObject({ code: "TR_TOOL_ERROR", toolCode: 5011 });
    const large = { text: "x".repeat(2 ** 21) };
    const tooLarge = await failure(sandbox.execute("notes:add", large));
    expect(tooLarge).toMatchObject({ code: "TR_INVALID_ARGUMENT" });
    expect(tooLarge.message).toMatch(/max_body_bytes/);
    const actions = [{ action: "notes:all" }, { action: "notes:fail" }, { action: "notes:all" }];
    const batch = await sandbox.executeBatch(actions, { stopOnError: false, parallel: true });
    expect(batch).toMatchObject({ code: 5010, total: 3, executed: 3, successCount: 2 });
    expect(batch.results.map(({ code }) => code)).toEqual([0, 5005, 0]);
  });

  it("ends a tool by aborting its request", async () => {
    const before = config.lines().filter((line) => line === "cancelled").length;
    const aborting = new AbortController();
    const { signal } = aborting;
    const naps = () => config.lines().filter((line) => line === "nap").length;
    const napped = naps();
    const nap = failure(sandbox.execute("notes:nap", { seconds: 60 }, { signal }));
    await until(() => naps() > napped);
    aborting.abort();
    expect(await nap).toMatchObject({ code: "TR_CANCELLED" });
    await until(() => config.lines().filter((line) => line === "cancelled").length > before);
  });

  it("keeps its sessions alive as long as it lives, and not longer", async () => {
    // Longer than the client keeps a connection that nothing goes over.
    const long = sandbox.execute("own:nap", { seconds: 3.3 });
    await sandbox.createSession("notes", { texts: ["kept"] });
    const other = new Sandbox({ config: config.file, heartbeatMs: false });
    await other.createSession("notes", { texts: ["gone"] });
    const expired = async () => (await other.listSessions()).sessions[0]?.status === "expired";
    await until(expired);
    await sleep(300);
    expect(await sandbox.execute("notes:all")).toMatchObject({ data: ["kept"] });
    const { meta } = await other.execute("notes:all");
    expect(meta).toMatchObject({ temporarySession: true, note: expect.stringMatching(/expired/) });
    await other.close();
    expect((await long).data).toBe(3.3);
    const { workerId } = sandbox;
    await sandbox.close({ destroySessions: true });
    sandbox = new Sandbox({ config: config.file, workerId });
    const { sessions } = await sandbox.listSessions();
    expect(sessions.filter(({ status }) => status === "active")).toEqual([]);
  });
});

describe("a server of several clients", () => {
  it("started by two at once is one, and goes when one of them says so", async () => {
    const { file } = await newConfig();
    await using one = new Sandbox({ config: file });
    await using two = new Sandbox({ config: file });
    await Promise.all([one.start(), two.start()]);
    await one.createSession("notes");
    expect(await two.ready()).toMatchObject({ totalSessions: 1 });
    await until(() => notes().length === 1);
    expect(await two.shutdownServer()).toMatchObject({ sessionsCleaned: 1 });
    expect(await failure(one.execute("notes:all"))).toMatchObject({
      ...{ code: "TR_SANDBOX_UNREACHABLE", mayHaveRun: false },
    });
    await one.start(); // a new one
    expect(await one.ready()).toMatchObject({ totalSessions: 0 });
    await one.shutdownServer({ force: true });
  });

  it("that is killed in the middle of a call is told, and the call is not sent again", async () => {
    const { file, lines } = await newConfig();
    await using sandbox = new Sandbox({ config: file });
    await sandbox.start();
    const nap = failure(sandbox.execute("notes:nap", { seconds: 60 }));
    await until(() => lines().includes("nap"));
    process.kill(notes().find(({ config }) => config === file).pid, "SIGKILL");
    expect(await nap).toMatchObject({ code: "TR_SANDBOX_UNREACHABLE", mayHaveRun: true });
    await sandbox.start();
    await sandbox.execute("notes:all");
    expect(lines().filter((line) => line === "nap")).toHaveLength(1);
    await sandbox.shutdownServer();
  });

  it("whose back end cannot be loaded is not started, and its log says why", async () => {
    const { file } = await newConfig();
    const config = JSON.parse(readFileSync(file, "utf8"));
    config.resources.notes.backend_class = "back_ends:Nots";
    writeFileSync(file, JSON.stringify(config));
    await using sandbox = new Sandbox({ config: file });
    const error = await failure(sandbox.start());
    expect(error).toMatchObject({ code: "TR_SANDBOX_START_FAILED", exitCode: 1 });
    expect(error.logTail).toMatch(/Nots/);
    expect(notes()).toEqual([]);
  });
});

it("the client in Python does all that too", async () => {
  const { file } = await newConfig();
  const script = fileURLToPath(new URL("../../test/scripts/client_program.py", import.meta.url));
  const server = fileURLToPath(new URL("../../test/serve.mjs", import.meta.url));
  const command = JSON.stringify([process.execPath, server, file]);
  const sources = fileURLToPath(new URL("../../../../python/src", import.meta.url));
  const python = process.env.TR_PYTHON ?? "python3";
  const { stdout } = await execa(python, [script, file, command], { env: { PYTHONPATH: sources } });
  expect(JSON.parse(stdout)).toEqual({
    ...{ tools: true, schema: "notes:half", warmup: { notes: true } },
    warmup_status: { loaded: true, warmed_up: true },
    ...{ created: "active", again: "exists", all: ["a", "b"], session: true },
    half: ["ndarray", "float32", [0, 0.5, 1]],
    batch: [5010, [0, 5005]],
    ...{ refreshed: 1, one_refreshed: "notes", heartbeat: ["notes"], status: ["notes"] },
    ...{
      echo: ">hi",
      tool: [4001, { hint: "add one" }],
      raise: [5005, "dict"],
      own: [4000, "list"],
    },
    ...{ timeout: 5006, refused: 4007, destroyed: "notes", init: "notes", inits: [5010, 1] },
    ...{ disconnect: 2, ready: 0, gone: true },
  });
});

it("the program of @tr/sandbox's README prints what it says, and leaves nothing", async () => {
  const readme = new URL("../../../sandbox/README.md", import.meta.url);
  const markdown = readFileSync(readme, "utf8");
  const folder = join(home, "readme");
  mkdirSync(folder);
  const port = await freePort();
  const files = { "counters.py": "python", "sandbox.json": "json", "main.ts": "ts" };
  for (const [name, language] of Object.entries(files)) {
    const block = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, "m").exec(markdown)?.[1];
    writeFileSync(join(folder, name), block?.replace("18890", String(port)) ?? "");
  }
  const { stdout } = await execa(process.execPath, ["main.ts"], { cwd: folder });
  expect(stdout).toBe("106");
  expect(notes()).toEqual([]);
});
