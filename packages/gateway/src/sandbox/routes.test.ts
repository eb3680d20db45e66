import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { FakeCore } from "../../test/fake-core.js";
import { type FakeSandbox, fakeSandbox } from "../../test/fake-sandbox.js";
import { until } from "../../test/gateways.js";

let sandbox: FakeSandbox;
let core: FakeCore;
let url: string;

beforeEach(async () => {
  sandbox = await fakeSandbox({ maxBodyBytes: 1000 });
  ({ core, url } = sandbox);
});
afterEach(() => sandbox.close());

const type = { "content-type": "application/json" };

async function post(path: string, body: unknown, headers: Record<string, string> = type) {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const init = { method: "POST", headers, ...(text !== "" && { body: text }) };
  const response = await fetch(`${url}/api/v1${path}`, init);
  return { status: response.status, body: await response.json() };
}

describe("a body that is not as it should be", () => {
  const w = { worker_id: "w" };
  it.each<[string, string, unknown, number, number, string | null, RegExp]>([
    ["no worker", "/execute", { action: "a" }, 400, 4003, "worker_id", /missing \(string\)/],
    ["no action", "/execute", w, 400, 4003, "action", /^action: /],
    ["an empty worker", "/session/list", { worker_id: "" }, 400, 4000, "worker_id", />=1/],
    ["a number as worker", "/session/list", { worker_id: 7 }, 400, 4004, "worker_id", /string/],
    ["null as worker", "/session/list", { worker_id: null }, 400, 4004, "worker_id", /null/],
    [
      "a list of arguments",
      "/execute",
      { ...w, action: "a", params: [] },
      400,
      4004,
      "params",
      /./,
    ],
    [
      "a time before now",
      "/execute",
      { ...w, action: "a", timeout: -1 },
      400,
      4000,
      "timeout",
      /./,
    ],
    [
      "an action in the middle without name",
      "/execute/batch",
      { ...w, actions: [{ action: "a" }, { params: {} }] },
      ...([400, 4003, "actions.1.action", /./] as const),
    ],
    ["actions that are none", "/execute/batch", { ...w, actions: "a" }, 400, 4004, "actions", /./],
    [
      "a config that is a text",
      "/init/batch",
      { ...w, resource_configs: { rag: "x" } },
      ...([400, 4004, "resource_configs.rag", /./] as const),
    ],
    ["names that are none", "/warmup", { backends: "rag" }, 400, 4004, "backends", /./],
    ["a word for a flag", "/server/shutdown", { force: "yes" }, 400, 4004, "force", /boolean/],
    ["no object", "/session/list", [], 400, 4002, null, /^the body: .*object/],
    ["no JSON", "/session/list", '{"worker_id": ', 400, 4002, null, /JSON/],
    ["a key that would be a prototype", "/session/list", '{"__proto__": {}}', 400, 4002, null, /./],
    ["too much", "/session/list", { worker_id: "w".repeat(1000) }, 413, 4002, null, /large/],
  ])("(%s) is told in the envelope, by code and field", async (_, path, ...rest) => {
    const [sent, status, code, field, message] = rest;
    const answer = await post(path, sent);
    expect(answer).toEqual({
      status,
      body: {
        ...{ code, message: expect.stringMatching(message) },
        data: field === null ? expect.toSatisfy((data) => data?.field == null) : { field },
        meta: {
          tool: expect.any(String),
          execution_time_ms: expect.any(Number),
          resource_type: "session",
          session_id: null,
          trace_id: expect.any(String),
        },
      },
    });
    expect(core.asked).toEqual([]);
  });

  it("of another type than JSON does nothing: it may be from a page's form", async () => {
    for (const [type, status] of [
      ["text/plain", 400],
      ["application/x-www-form-urlencoded", 415],
    ] as const) {
      const answer = await post("/session/list", '{"worker_id": "w"}', { "content-type": type });
      expect(answer).toMatchObject({ status, body: { code: 4002 } });
    }
    expect(core.asked).toEqual([]);
  });

  it("is told with the trace that it was sent with", async () => {
    const { body } = await post("/execute", { worker_id: "w", trace_id: "t-1" });
    expect(body).toMatchObject({ code: 4003, meta: { tool: "execute", trace_id: "t-1" } });
  });
});

describe("what clients leave out", () => {
  it("may be null, and what is not known is left alone", async () => {
    const execute = { worker_id: "w", action: "rag:echo", params: { a: null }, timeout: null };
    await post("/execute", { ...execute, message_type: "execute", trace_id: null });
    await post("/execute", { worker_id: "w", action: "rag:echo", timeout: 0 });
    const create = { worker_id: "w", resource_type: "rag", custom_name: null };
    await post("/session/create", { ...create, session_config: null });
    await post("/session/refresh", { worker_id: "w", resource_type: null });
    await post("/execute/batch", { worker_id: "w", actions: [{ action: "rag:echo" }] });
    expect(core.asked.filter(([method]) => method !== "batch")).toEqual([
      ["execute", { worker_id: "w", action: "rag:echo", params: { a: null } }],
      ["execute", { worker_id: "w", action: "rag:echo", params: {} }],
      ["createSession", { worker_id: "w", resource_type: "rag", session_config: {} }],
      ["refreshSession", { worker_id: "w" }],
      ["execute", expect.anything()],
      [
        "executeBatch",
        {
          ...{ worker_id: "w", actions: [{ action: "rag:echo", params: {} }] },
          ...{ parallel: false, stop_on_error: true },
        },
      ],
    ]);
  });

  it("may be a whole body, with or without its type", async () => {
    for (const headers of [type, {}]) {
      expect(await post("/warmup", "", headers)).toMatchObject({ status: 200 });
    }
    expect(core.asked).toEqual(Array(2).fill(["warmup", {}]));
    expect(await post("/session/list", "")).toMatchObject({ status: 400, body: { code: 4003 } });
  });

  it("are flags of a query as Python writes them, too", async () => {
    for (const text of ["True", "true", "1", "False", "0"]) {
      const response = await fetch(`${url}/api/v1/tools?include_hidden=${text}`);
      expect(await response.json()).toMatchObject({ count: 5 });
    }
    expect(core.asked.map(([, isHidden]) => isHidden)).toEqual([true, true, true, false, false]);
    const wrong = await fetch(`${url}/api/v1/tools?include_hidden=maybe`);
    expect(await wrong.json()).toMatchObject({ code: 4000, data: { field: "include_hidden" } });
  });
});

describe("before everything is loaded", () => {
  it("calls are 503 and nobody is told that it is healthy; then it is", async () => {
    const late = await fakeSandbox({ isStarted: false });
    try {
      const loaded = Promise.withResolvers<void>();
      late.core.starting = loaded.promise;
      const ready = late.module.ready(new AbortController().signal);
      const ask = async (path: string, init?: RequestInit) => {
        const response = await fetch(`${late.url}${path}`, init);
        return [response.status, ((await response.json()) as { code?: unknown }).code];
      };
      const body = JSON.stringify({ worker_id: "w", action: "rag:echo" });
      const call = { method: "POST", headers: type, body };
      expect(await ask("/ready")).toEqual([503, "NOT_READY"]);
      expect(await ask("/api/v1/execute", call)).toEqual([503, "NOT_READY"]);
      expect(await ask("/api/v1/tools")).toEqual([503, "NOT_READY"]);
      expect(await ask("/api/v1/tools/rag:echo/schema")).toEqual([503, "NOT_READY"]);
      expect(await ask("/api/v1/warmup/status")).toEqual([200, undefined]);
      expect(late.module.health().trouble).toBe("the back ends are being started");
      loaded.resolve();
      await ready;
      expect(await ask("/ready")).toEqual([200, undefined]);
      expect(await ask("/api/v1/execute", call)).toEqual([200, 0]);
      expect(late.module.health().trouble).toBeUndefined();
    } finally {
      await late.close();
    }
  });

  it("one that cannot be is said, and everything can be ended all the same", async () => {
    const late = await fakeSandbox({ isStarted: false });
    try {
      late.core.starting = Promise.reject(new Error("no module named notes"));
      const ready = late.module.ready(new AbortController().signal);
      await expect(ready).rejects.toThrow("no module named notes");
      expect(await (await fetch(`${late.url}/ready`)).json()).toMatchObject({
        message: "no module named notes",
      });
      const init = { method: "POST", headers: type, body: "{}" };
      const ended = await fetch(`${late.url}/api/v1/server/shutdown`, init);
      expect(ended.status).toBe(200);
    } finally {
      await late.close();
    }
  });
});

describe("a client that goes away", () => {
  it("cancels what it has asked for", async () => {
    const leaving = new AbortController();
    const body = JSON.stringify({ worker_id: "w", action: "rag:nap" });
    const init = { method: "POST", headers: type, body, signal: leaving.signal };
    const asked = fetch(`${url}/api/v1/execute`, init).catch(() => "left");
    await until(() => core.asked.length === 1);
    leaving.abort();
    expect(await asked).toBe("left");
    await until(() => core.asked.at(-1)?.[0] === "cancelled");
  });
});

describe("the end", () => {
  it("waits for calls until its deadline, and cancels them then", async () => {
    const running = post("/execute", { worker_id: "w", action: "rag:nap" });
    await until(() => core.asked.length === 1);
    const deadline = new AbortController();
    let isDrained = false;
    const drained = sandbox.module.drain(deadline.signal).then(() => (isDrained = true));
    await new Promise(setImmediate);
    expect(isDrained).toBe(false);
    deadline.abort();
    await drained;
    expect((await running).body).toMatchObject({ message: "cancelled" });
  });

  it("that a client asks for comes after its answer", async () => {
    const answer = await post("/server/shutdown", { force: true });
    expect(answer.body).toEqual({
      ...{ status: "success", message: "the server ends", sessions_cleaned: 0 },
    });
    await until(() => sandbox.stopped.length === 1);
    expect(sandbox.stopped).toEqual([{ force: true, cleanup_sessions: true }]);
    expect(core.asked).toEqual([["shutdown", { force: true, cleanup_sessions: true }]]);
  });
});

it("metrics count calls by tool and code, of which there are few whatever clients ask for", async () => {
  await post("/execute", { worker_id: "w", action: "rag:echo" });
  for (const name of ["a", "b"]) await post("/execute", { worker_id: "w", action: name });
  const actions = [{ action: "rag:echo" }, { action: "c" }];
  expect(await post("/execute/batch", { worker_id: "w", actions })).toMatchObject({ status: 207 });
  const text = await sandbox.metrics.metrics();
  expect(text).toContain('tr_sandbox_tool_calls_total{tool="rag:echo",code="0"} 2');
  expect(text).toContain('tr_sandbox_tool_calls_total{tool="none",code="0"} 3');
  expect(text).toContain('tr_sandbox_tool_seconds_count{tool="rag:echo"} 2');
  expect(text).toContain('tr_sandbox_backend_restarts_total{backend="rag"} 2');
  expect(text).toContain('tr_sandbox_backend_warm{backend="rag"} 1');
  expect(text).toContain('tr_sandbox_backend_warm{backend="vm"} 0');
});
