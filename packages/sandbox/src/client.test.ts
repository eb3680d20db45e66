import { getEventListeners, once } from "node:events";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { equal, full, tensor } from "@tr/tsr-codec";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type PageServer, servePage } from "../test/page-server.mjs";
import { Sandbox } from "./sandbox.js";

/** On a busy machine, too. */
const soon = <T>(ask: () => T) => expect.poll(ask, { timeout: 20_000 });

let page: PageServer;
let sandbox: Sandbox;
beforeEach(async () => {
  page = await servePage();
  sandbox = new Sandbox({ serverUrl: page.url, workerId: "me" });
});
afterEach(async () => {
  await sandbox.close();
  await page.close();
});

const sent = (path: string) => page.received.filter((each) => each.path === path);
const failure = (of: Promise<unknown>) =>
  of.then(
    () => expect.unreachable(),
    (error) => error,
  );

describe("a tool", () => {
  it("gets what was sent and gives what it gave, with tensors anywhere", async () => {
    const image = full([2, 3], 1.5);
    const ids = tensor(new BigInt64Array([1n, -2n]), [2]);
    const params = { query: "é", deep: [{ image }], ids, none: null };
    const { code, message, data, meta } = await sandbox.execute<typeof params>("demo:echo", params);
    expect({ code, message }).toEqual({ code: 0, message: "success" });
    expect(data).toMatchObject({ query: "é", none: null });
    expect(equal(data.deep[0]?.image ?? ids, image) && equal(data.ids, ids)).toBe(true);
    expect(meta).toMatchObject({
      ...{ tool: "demo:echo", resourceType: "demo", executionTimeMs: 1.5, traceId: "t-1" },
      ...{ temporarySession: true, sessionId: "s-0" },
    });
    const [{ body } = { body: {} }] = sent("/api/v1/execute");
    expect(body).toMatchObject({ worker_id: "me", action: "demo:echo" });
    expect(body).not.toHaveProperty("timeout");
  });

  it("keeps the names of what it adds itself", async () => {
    const { meta } = await sandbox.execute("demo:envelope");
    expect(meta).toMatchObject({ own_key: 1, tool: "demo:envelope" });
  });

  it.each([
    ["demo:refuse", "TR_TOOL_ERROR", 4001, { why: "no" }, /demo:refuse: it will not/],
    ["demo:missing", "TR_TOOL_ERROR", 4003, null, /^demo:missing: missing parameter: a \(4003\)$/],
    ["demo:raise", "TR_TOOL_ERROR", 5005, { traceback: "Traceback …" }, /ValueError: no/],
    ["demo:lost", "TR_TOOL_ERROR", 5011, null, /crashed/],
    ["demo:none", "TR_TOOL_ERROR", 4002, { candidates: [] }, /there is no tool/],
    ["demo:gone", "TR_SANDBOX_SESSION", 4007, null, /destroyed/],
  ])("%s fails with %s %i", async (action, code, toolCode, data, message) => {
    const error = await failure(sandbox.execute(action));
    expect(error).toMatchObject({ code, toolCode, data });
    expect(error.message).toMatch(message);
    expect(sent("/api/v1/execute")).toHaveLength(1);
  });

  it.each([
    ["a number that JSON has not", { a: [Number.NaN] }, /found NaN/],
    ["a bigint", { a: 1n }, /"a": expected JSON or a tensor, found a bigint/],
    ["a function", { f: () => 1 }, /"f": .* found a function/],
    ["a typed array", { a: new Float32Array(2) }, /"a": .* found a Float32Array/],
    ["a map", { a: new Map() }, /"a": .* found a Map/],
    ["a tensor that does not fit its shape", { a: { ...full([2], 1), shape: [3] } }, /3 elements/],
  ])("is not sent %s", async (_, params, message) => {
    const error = await failure(sandbox.execute("demo:echo", params));
    expect(error).toMatchObject({ code: "TR_INVALID_ARGUMENT" });
    expect(error.message).toMatch(message);
    expect(page.received).toEqual([]);
  });

  it("is told how long it may run, in seconds, and is not waited for much longer", async () => {
    await sandbox.execute("demo:echo", {}, { timeoutMs: 1500 });
    expect(sent("/api/v1/execute")[0]?.body).toMatchObject({ timeout: 1.5 });
    const error = await failure(sandbox.execute("demo:echo", {}, { timeoutMs: 0 }));
    expect(error).toMatchObject({ code: "TR_INVALID_ARGUMENT" });
    expect(error.message).toMatch(/timeoutMs: expected 1 to/);
  });
});

describe("an aborted call", () => {
  it("ends the request, which ends the tool, and says why", async () => {
    const aborting = new AbortController();
    const call = failure(sandbox.execute("demo:nap", { ms: 60_000 }, { signal: aborting.signal }));
    await soon(() => sent("/api/v1/execute")).toHaveLength(1);
    aborting.abort("enough");
    expect(await call).toMatchObject({ code: "TR_CANCELLED", cause: "enough" });
    expect(await call).not.toHaveProperty("stopped");
    await soon(() => sent("/api/v1/execute")[0]?.aborted).toBe(true);
  });

  it("that was aborted before is not sent", async () => {
    const signal = AbortSignal.abort();
    const error = await failure(sandbox.execute("demo:echo", {}, { signal }));
    expect(error).toMatchObject({ code: "TR_CANCELLED", stopped: "unsent" });
    expect(page.received).toEqual([]);
  });

  it("leaves nothing on the signal", async () => {
    const { signal } = new AbortController();
    await sandbox.execute("demo:echo", {}, { signal });
    await failure(sandbox.execute("demo:drop", {}, { signal }));
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });
});

describe("a batch", () => {
  it("gives every action's result, those that failed too", async () => {
    const actions = [
      { action: "demo:echo", params: { image: full([2], 1) }, timeoutMs: 2000 },
      { action: "demo:refuse" },
      { action: "demo:echo" },
    ];
    const batch = await sandbox.executeBatch(actions, { stopOnError: false });
    expect(batch).toMatchObject({ code: 5010, total: 3, executed: 3, successCount: 2 });
    expect(batch.results.map(({ code }) => code)).toEqual([0, 4001, 0]);
    expect(batch.results[0]).toMatchObject({
      data: { image: full([2], 1) },
      meta: { traceId: "t-1" },
    });
    const [{ body } = { body: {} }] = sent("/api/v1/execute/batch");
    expect(body).toMatchObject({ parallel: false, stop_on_error: false, worker_id: "me" });
    expect(body).toMatchObject({ actions: [{ timeout: 2 }, { params: {} }, {}] });
    const stopped = await sandbox.executeBatch([
      { action: "demo:refuse" },
      { action: "demo:echo" },
    ]);
    expect(stopped).toMatchObject({ code: 5009, total: 2, executed: 1, successCount: 0 });
  });
});

describe("a session", () => {
  it("is made, seen, refreshed and destroyed", async () => {
    const made = await sandbox.createSession("demo", { a: 1 }, { customName: "mine" });
    const session = { sessionId: "s-1", sessionName: "mine", resourceType: "demo" };
    expect(made).toEqual({ ...session, sessionStatus: "active" });
    expect(sent("/api/v1/session/create")[0]?.body).toEqual({
      ...{ worker_id: "me", resource_type: "demo", session_config: { a: 1 }, custom_name: "mine" },
    });
    expect(await sandbox.createSession("demo")).toEqual({ ...session, sessionStatus: "exists" });
    const { sessions, count } = await sandbox.listSessions();
    expect([count, sessions[0]]).toMatchObject([1, { ...session, autoCreated: false }]);
    expect(await sandbox.refreshSession("demo")).toMatchObject({ sessionId: "s-1" });
    expect(await sandbox.refreshSession()).toMatchObject({
      ...{ refreshedCount: 1, workerId: "me" },
      details: { demo: { status: "refreshed", sessionId: "s-1" } },
    });
    expect(await sandbox.heartbeat()).toMatchObject({ activeSessions: ["demo"] });
    expect(await sandbox.status()).toMatchObject({
      ...{ activeResources: ["demo"], sessions: { demo: { sessionId: "s-1", status: "active" } } },
    });
    expect((await sandbox.execute("demo:echo")).meta).not.toHaveProperty("temporarySession");
    expect(await sandbox.destroySession("demo")).toEqual({ message: "destroyed", ...session });
    const error = await failure(sandbox.destroySession("demo"));
    expect(error).toMatchObject({ code: "TR_SANDBOX_SESSION", toolCode: 4007 });
    expect(error.message).toMatch(/^demo: no session/);
  });

  it("that cannot be made says so", async () => {
    const error = await failure(sandbox.createSession("demo", { fails: true }));
    expect(error).toMatchObject({ code: "TR_SANDBOX_SESSION", toolCode: 4007 });
    expect(error).toMatchObject({ data: { session_status: "error" } });
  });

  it("can be made from a config, several at once too", async () => {
    expect(await sandbox.initResource("demo", { a: 1 })).toMatchObject({ sessionId: "s-1" });
    const results = await sandbox.initResources({ other: { b: 2 }, bad: { fails: true } });
    expect(results).toMatchObject({ code: 5010, total: 2, successCount: 1, workerId: "me" });
    expect(results.results).toMatchObject({
      ...{ other: { status: "success", sessionId: "s-2" }, bad: { status: "error" } },
    });
    expect(sent("/api/v1/init/batch")[0]?.body).toMatchObject({
      resource_configs: { other: { content: { b: 2 } } },
    });
    expect(await sandbox.initFromConfig("a.json", { c: 3 })).toMatchObject({ successCount: 1 });
    expect(await failure(sandbox.initFromConfig("none"))).toMatchObject({
      ...{ code: "TR_SANDBOX_SESSION", toolCode: 4002 },
    });
    expect(sent("/api/v1/init/from-config")[0]?.body).toMatchObject({
      ...{ config_path: "a.json", override_params: { c: 3 }, worker_id: "me" },
    });
    expect(await sandbox.disconnect()).toEqual({ workerId: "me", sessionsCleaned: 3 });
  });
});

describe("the server", () => {
  it("tells its tools, and how warm its back ends are", async () => {
    const { tools, count } = await sandbox.tools({ includeHidden: true });
    expect(count).toBe(1);
    expect(tools[0]).toMatchObject({ fullName: "demo:echo", resourceType: "demo" });
    expect(tools[0]?.description).toMatch(/include_hidden=true$/);
    expect(tools[0]?.parameters).toMatchObject({ properties: { a_b: {} } }); // a tool's own names
    expect(await sandbox.toolSchema("demo:echo")).toMatchObject({ fullName: "demo:echo" });
    expect(await failure(sandbox.toolSchema("demo:none"))).toMatchObject({
      ...{ code: "TR_TOOL_ERROR", toolCode: 4002 },
    });
    const summary = { total: 2, warmedUp: 2, pending: 0 };
    const results = { rag: true, vm: true };
    expect(await sandbox.warmup(["rag", "vm"])).toEqual({ status: "success", results, summary });
    await sandbox.warmup();
    expect(sent("/api/v1/warmup").map(({ body }) => body)).toEqual([
      { backends: ["rag", "vm"] },
      {},
    ]);
    expect(await sandbox.warmupStatus()).toEqual({
      backends: { my_demo: { loaded: true, warmedUp: false } },
      summary: { total: 1, warmedUp: 0, pending: 1 },
    });
    expect(await sandbox.ready()).toMatchObject({ status: "ready", toolsCount: 3 });
  });

  it.each([
    [400, { message: "params: expected object" }, "TR_INVALID_ARGUMENT", /params: expected/],
    [
      413,
      { code: 4002, message: "too large", data: null, meta: {} },
      "TR_INVALID_ARGUMENT",
      /max_body_bytes/,
    ],
    [401, { message: "token" }, "TR_SANDBOX_UNREACHABLE", /TR_GATEWAY_TOKEN/],
    [403, { message: "host" }, "TR_SANDBOX_UNREACHABLE", /refuses this client \(host\)/],
    [404, { message: "no route" }, "TR_SANDBOX_UNREACHABLE", /has no sandbox/],
    [503, { message: "shutting down" }, "TR_SANDBOX_UNREACHABLE", /does not serve now/],
    [502, "<html>", "TR_PROTOCOL", /HTTP status 502/],
    [200, "<html>", "TR_PROTOCOL", /no answer of a sandbox/],
    [200, [], "TR_PROTOCOL", /HTTP status 200/],
    [200, { code: 0, data: { $tsr: "AAAA" }, meta: {} }, "TR_PROTOCOL", /no answer of a sandbox/],
  ])("answers with HTTP %i %j: %s", async (status, body, code, message) => {
    page.state.nextAnswer = [status, body];
    const error = await failure(sandbox.execute("demo:echo"));
    expect(error).toMatchObject({ code });
    expect(error.message).toMatch(message);
    if (code === "TR_SANDBOX_UNREACHABLE") {
      expect(error).toMatchObject({ url: page.url, status, mayHaveRun: false });
    }
    expect(page.received).toHaveLength(1);
  });
});

describe("what may have run is not sent again", () => {
  it.each(["demo:drop", "demo:half"])("%s: the connection ends in the middle", async (action) => {
    const error = await failure(sandbox.execute(action));
    expect(error).toMatchObject({
      code: "TR_SANDBOX_UNREACHABLE",
      mayHaveRun: true,
      url: page.url,
    });
    expect(error.message).toMatch(/may have been done, so it is not sent again/);
    expect(error.cause).toBeInstanceOf(Error);
    expect(sent("/api/v1/execute")).toHaveLength(1);
  });

  it("where nothing listens it was not sent: that is tried again for a while", async () => {
    await page.close();
    const call = failure(sandbox.execute("demo:echo"));
    expect(await call).toMatchObject({ code: "TR_SANDBOX_UNREACHABLE", mayHaveRun: false });
    expect((await call).message).toMatch(/no server answers at http.*ECONNREFUSED.*start\(\)/);
    const again = sandbox.execute("demo:echo", { a: 1 });
    await sleep(20);
    page = await servePage({ port: page.port });
    expect((await again).data).toEqual({ a: 1 });
    expect(sent("/api/v1/execute")).toHaveLength(1);
  });

  it("what only asks is sent again", async () => {
    let connections = 0;
    const broken = createServer((socket) => {
      connections += 1;
      socket.once("data", () => socket.destroy());
    }).listen(0, "127.0.0.1");
    await once(broken, "listening");
    const { port } = broken.address() as { port: number };
    const client = new Sandbox({ serverUrl: `http://127.0.0.1:${port}` });
    expect(await failure(client.tools())).toMatchObject({ mayHaveRun: true });
    expect(connections).toBe(4);
    expect(await failure(client.createSession("demo"))).toMatchObject({ mayHaveRun: true });
    expect(connections).toBe(5);
    broken.close();
    await client.close();
  });
});

describe("the heartbeat", () => {
  it("refreshes a client's sessions", async () => {
    const beating = new Sandbox({ serverUrl: page.url, workerId: "b", heartbeatMs: 10 });
    await beating.createSession("demo");
    await soon(() => sent("/api/v1/session/refresh").length).toBeGreaterThan(2);
    expect(sent("/api/v1/session/refresh")[0]?.body).toEqual({ worker_id: "b" });
    await beating.close();
  });

  it("of a client that has made no session sends nothing", async () => {
    const beating = new Sandbox({ serverUrl: page.url, heartbeatMs: 1 });
    await beating.execute("demo:nap", { ms: 20 });
    expect(sent("/api/v1/session/refresh")).toEqual([]);
    await beating.close();
  });
});

describe("close", () => {
  it("leaves the sessions, unless they are to be destroyed; what was under way fails; later calls too", async () => {
    await sandbox.createSession("demo");
    const napping = failure(sandbox.execute("demo:nap", { ms: 60_000 }));
    await soon(() => sent("/api/v1/execute")).toHaveLength(1);
    await sandbox.close();
    expect(await napping).toMatchObject({ code: "TR_SESSION_CLOSED" });
    expect(await failure(sandbox.execute("demo:echo"))).toMatchObject({
      code: "TR_SESSION_CLOSED",
    });
    expect(await failure(sandbox.start())).toMatchObject({ code: "TR_SESSION_CLOSED" });
    await sandbox.close();
    await using other = new Sandbox({ serverUrl: page.url, workerId: "me" });
    expect((await other.listSessions()).count).toBe(1);
    await other.close({ destroySessions: true });
    expect(sent("/api/v1/worker/disconnect")).toHaveLength(1);
  });

  it("of the client comes before the end of the server, which is waited for", async () => {
    await sandbox.createSession("demo");
    await sandbox.close();
    const ending = Promise.withResolvers<void>();
    page.state.beforeEnd = ending.promise;
    let isGone = false;
    const gone = sandbox.shutdownServer({ force: true }).then((told) => {
      isGone = true;
      return told;
    });
    await soon(() => sent("/ready").length).toBeGreaterThan(1);
    expect(isGone).toBe(false);
    ending.resolve();
    expect(await gone).toEqual({ message: "bye", sessionsCleaned: 1 });
    expect(sent("/api/v1/server/shutdown")[0]?.body).toEqual({
      force: true,
      cleanup_sessions: true,
    });
  });

  it("of a server that does not end is not waited for without end", async () => {
    page.state.beforeEnd = new Promise(() => {});
    const error = await failure(sandbox.shutdownServer({ timeoutMs: 100 }));
    expect(error).toMatchObject({ code: "TR_CALL_TIMEOUT", timeoutMs: 100 });
  });
});

it.each([
  [{}, /option config: expected a config file, or serverUrl/],
  [{ serverURL: "http://a" }, /option serverURL: there is no such option/],
  [{ serverUrl: "127.0.0.1:5" }, /option serverUrl: expected an address/],
  [{ serverUrl: "http://a", workerId: "" }, /option workerId/],
  [{ serverUrl: "http://a", heartbeatMs: 0 }, /option heartbeatMs: expected 1 to/],
  [{ serverUrl: "http://a", serverCommand: [] }, /option serverCommand/],
])("options %j are refused", (options, message) => {
  expect(() => new Sandbox(options as never)).toThrow(message);
  const invalid = expect.objectContaining({ code: "TR_INVALID_ARGUMENT" });
  expect(() => new Sandbox(options as never)).toThrow(invalid);
});

it("two clients have different workers, unless they are told one", () => {
  const { workerId } = new Sandbox({ serverUrl: page.url });
  expect(workerId).not.toBe(new Sandbox({ serverUrl: page.url }).workerId);
  expect(workerId).toMatch(/^[\w-]{36}$/);
});
