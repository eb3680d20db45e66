import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decode, encode } from "@tr/tsr-codec";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { backEndsFolder, Client, until } from "../../test/gateways.js";
import { createGateway, type Gateway } from "../gateway.js";

let folder: string;
let gateway: Gateway;
let client: Client;
let log: string;
let number = 0;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "tr-sandbox-http-"));
  log = join(folder, "log");
  writeFileSync(log, "");
  const Notes = (config: object, isolation: "shared" | "session" = "shared") => ({
    ...{ backendClass: "back_ends:Notes", isolation, config },
  });
  gateway = createGateway({
    ...{ port: 0, log: { level: "silent" }, maxBodyBytes: 2 ** 20 },
    sandbox: {
      folder,
      env: { PYTHONPATH: backEndsFolder },
      resources: { notes: Notes({ log }), own: Notes({}, "session") },
      apis: {
        echo: { function: "back_ends:echo", config: { prefix: ">" } },
        measure: { function: "back_ends.measure" },
      },
    },
  });
  await gateway.listen();
  await gateway.ready();
  client = new Client(gateway);
});
afterAll(async () => {
  await gateway.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Of a worker that no other test has. */
const newWorker = () => `worker-${++number}`;

interface Answered {
  status: number;
  body: { code: number; message: string; data: unknown; meta: Record<string, unknown> };
}

async function post(path: string, body: unknown): Promise<Answered> {
  const response = await client.post(`/api/v1${path}`, body);
  return { status: response.status, body: (await response.json()) as Answered["body"] };
}

const execute = (worker_id: string, action: string, params: object = {}, more: object = {}) =>
  post("/execute", { worker_id, action, params, ...more });

const iso = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+(Z|\+00:00)$/);
const any = expect.anything();
const text = expect.any(String);
const meta = (tool: string, more: object = {}) => ({
  ...{ tool, execution_time_ms: expect.any(Number), resource_type: "session" },
  ...{ session_id: null, trace_id: text, ...more },
});
const success = (tool: string, data: unknown, more: object = {}) => ({
  status: 200,
  body: { code: 0, message: "success", data, meta: meta(tool, more) },
});

describe("a gateway with the sandbox alone", () => {
  it("is healthy in so many words, and says how much there is", async () => {
    const { status, body } = await client.health();
    expect([status, body]).toEqual([200, { status: "healthy", timestamp: iso }]);
    expect(await client.json("/ready")).toEqual({
      ...{ status: "ready", tools_count: 20, active_workers: 0, total_sessions: 0 },
    });
  });

  it("has no chat, and asks for the token on each of its routes", async () => {
    const { paths = {} } = await client.json("/openapi.json");
    expect(Object.keys(paths).filter((path) => path.startsWith("/api/v1")).length).toBe(17);
    expect(Object.keys(paths)).not.toContain("/chat");
    for (const [path, methods] of Object.entries(paths)) {
      for (const method of Object.keys(methods)) {
        const url = `${gateway.url}${path}`;
        const headers = { "content-type": "application/json" };
        const init = { method: method.toUpperCase(), headers };
        const body = method === "post" ? { body: "{}" } : {};
        const response = await fetch(url, { ...init, ...body });
        expect([path, response.status]).toEqual([path, 401]);
        const other = { ...client.headers, origin: "https://elsewhere.example.org" };
        expect((await fetch(url, { ...init, ...body, headers: other })).status).toBe(403);
      }
    }
    expect(await client.health()).toMatchObject({ status: 200 }); // nobody has ended it
  });
});

describe("tools", () => {
  it("are listed with their schemas, hidden ones on request", async () => {
    const all = (await client.json("/api/v1/tools")) as unknown as {
      tools: { full_name: string }[];
      count: number;
    };
    expect(all.tools).toHaveLength(all.count);
    const add = {
      ...{ name: "add", full_name: "notes:add", resource_type: "notes", stateless: false },
      description: "Adds a text.",
      parameters: {
        type: "object",
        properties: { text: { type: "string", description: "what is kept" } },
        required: ["text"],
        additionalProperties: false,
      },
    };
    const named = (name: string) => all.tools.find(({ full_name }) => full_name === name);
    expect(named("notes:add")).toEqual(add);
    expect(named("echo")).toMatchObject({ resource_type: null, stateless: true, name: "echo" });
    expect(named("notes:secret")).toBeUndefined();
    const hidden = await client.json("/api/v1/tools?include_hidden=True");
    expect(hidden).toMatchObject({ count: all.count + 2 });
    expect(await client.json("/api/v1/tools/notes:add/schema")).toEqual(add);
    expect(await client.json("/api/v1/tools/echo/schema")).toMatchObject({ name: "echo" });
    const none = await client.fetch("/api/v1/tools/nothing/schema");
    expect([none.status, await none.json()]).toEqual([404, { status: "error", message: text }]);
  });

  it("that are not there, or more than one, are said to be so", async () => {
    const unknown = await execute("w", "notes:nothing");
    expect(unknown).toMatchObject({ status: 400, body: { code: 4002 } });
    const ambiguous = await execute("w", "add", { text: "a" });
    expect(ambiguous).toMatchObject({
      status: 400,
      body: { code: 4002, data: { candidates: ["notes:add", "own:add"] } },
    });
  });

  it("without sessions get their config", async () => {
    const answer = await execute("w", "echo", { message: "hello" }, { trace_id: "t-1" });
    expect(answer).toEqual({
      status: 200,
      body: {
        ...{ code: 0, message: "success", data: ">hello" },
        meta: meta("echo", { resource_type: null, trace_id: "t-1" }),
      },
    });
  });
});

describe("a session", () => {
  it("is created, used, listed, refreshed and destroyed", async () => {
    const worker_id = newWorker();
    const own = { worker_id, resource_type: "notes" };
    const created = await post("/session/create", { ...own, session_config: { texts: ["a"] } });
    const { session_id, session_name } = created.body.data as Record<string, string>;
    const names = { session_id, session_name, resource_type: "notes" };
    expect(created).toEqual(
      success(
        "session:create",
        { ...names, session_status: "active", error: null },
        { session_id },
      ),
    );
    expect([session_id, session_name]).toEqual([text, text]);
    expect(await post("/session/create", own)).toEqual(
      success("session:create", { status: "exists", ...names }, { session_id }),
    );
    const added = await execute(worker_id, "notes:add", { text: "b" });
    expect(added).toEqual(success("notes:add", 2, { session_id, resource_type: "notes" }));
    expect(await execute(worker_id, "notes:all")).toMatchObject({ body: { data: ["a", "b"] } });
    const listed = await post("/session/list", { worker_id });
    const entry = {
      ...names,
      ...{ status: "active", auto_created: false },
      ...{ created_at: iso, last_activity: iso, expires_at: iso },
    };
    expect(listed).toEqual(success("session:list", { worker_id, sessions: [entry], count: 1 }));
    expect(await post("/session/refresh", own)).toEqual(
      success(
        "session:refresh",
        { message: text, resource_type: "notes", session_id, expires_at: iso },
        { session_id },
      ),
    );
    expect(await post("/session/refresh", { worker_id })).toEqual(
      success("session:refresh", {
        ...{ message: text, worker_id, refreshed_count: 1 },
        details: { notes: { status: "refreshed", session_id, expires_at: iso } },
      }),
    );
    expect(await post("/lifecycle/heartbeat", { worker_id })).toEqual(
      success("session:heartbeat", { worker_id, active_sessions: ["notes"], timestamp: iso }),
    );
    const state = { session_id, status: "active", created_at: iso, last_activity: iso };
    expect(await post("/lifecycle/status", { worker_id })).toEqual(
      success("session:status", {
        ...{ worker_id, active_resources: ["notes"], sessions: { notes: state } },
        tools_available: 20,
      }),
    );
    expect(await post("/session/destroy", own)).toEqual(
      success("session:destroy", { message: text, ...names }, { session_id: any }),
    );
    const none = { status: 404, body: { code: 4007, data: { resource_type: "notes" } } };
    expect(await post("/session/destroy", own)).toMatchObject(none);
    expect(await post("/session/refresh", own)).toMatchObject(none);
    expect(readFileSync(log, "utf8")).toContain(`initialize ${worker_id}\ncleanup ${worker_id}\n`);
  });

  it("is made for a call that has none, and says so", async () => {
    const worker_id = newWorker();
    const { status, body } = await execute(worker_id, "notes:who");
    expect(status).toBe(200);
    expect(body.data).toEqual({ worker_id, trace_id: body.meta.trace_id });
    expect(body.meta).toMatchObject({ temporary_session: true, session_id: text });
    await until(() => readFileSync(log, "utf8").includes(`cleanup ${worker_id}`));
    const listed = await post("/session/list", { worker_id });
    expect(listed).toMatchObject({ body: { data: { count: 0 } } });
  });

  it("that its back end refuses is 4007 with HTTP 500, and none is there", async () => {
    const worker_id = newWorker();
    const own = { worker_id, resource_type: "notes" };
    const refused = await post("/session/create", { ...own, session_config: { refuse: true } });
    expect(refused).toMatchObject({
      status: 500,
      body: {
        code: 4007,
        data: { session_status: "error", error: expect.stringContaining("asked to refuse") },
      },
    });
    expect(await post("/session/destroy", own)).toMatchObject({ status: 404 });
    const unknown = { worker_id, resource_type: "nothing" };
    expect(await post("/session/create", unknown)).toMatchObject({ body: { code: 4002 } });
  });

  it("may have a name of its own, and ends with all others of its worker", async () => {
    const worker_id = newWorker();
    const create = (resource_type: string, custom_name: string) =>
      post("/session/create", { worker_id, resource_type, custom_name });
    expect(await create("notes", "mine")).toMatchObject({
      body: { data: { session_name: "mine" } },
    });
    await create("own", "other");
    expect(await post("/worker/disconnect", { worker_id })).toEqual(
      success("session:disconnect", { worker_id, sessions_cleaned: 2 }),
    );
    const listed = await post("/session/list", { worker_id });
    expect(listed).toMatchObject({ body: { data: { count: 0 } } });
  });

  it("of a config: of one, of several, of a file in the server's folder", async () => {
    const worker_id = newWorker();
    const one = { worker_id, resource_type: "notes", init_config: { texts: ["one"] } };
    expect(await post("/init/resource", one)).toMatchObject({
      status: 200,
      body: { data: { resource_type: "notes", session_status: "active", session_id: text } },
    });
    expect(await execute(worker_id, "notes:all")).toMatchObject({ body: { data: ["one"] } });
    const others = newWorker();
    const resource_configs = {
      notes: { content: { texts: ["two"] } },
      own: { content: { refuse: true } },
    };
    const batch = await post("/init/batch", { worker_id: others, resource_configs });
    expect(batch).toMatchObject({
      status: 207,
      body: {
        code: 5010,
        data: { results: { notes: { status: "success" }, own: { status: "error" } } },
      },
    });
    const third = newWorker();
    const texts = ["$" + "{NO_SUCH_VARIABLE:-three}"];
    const file = { notes: { content: { texts } }, own: {} };
    writeFileSync(join(folder, "sessions.json"), JSON.stringify(file));
    const override_params = { own: { texts: ["four"] } };
    const config = { worker_id: third, config_path: "sessions.json", override_params };
    expect(await post("/init/from-config", config)).toMatchObject({
      status: 200,
      body: { data: { config_loaded: "sessions.json", success_count: 2, total: 2 } },
    });
    expect(await execute(third, "notes:all")).toMatchObject({ body: { data: ["three"] } });
    expect(await execute(third, "own:all")).toMatchObject({ body: { data: ["four"] } });
    for (const config_path of ["../elsewhere.json", "/etc/passwd", "nothing.json"]) {
      const refused = await post("/init/from-config", { worker_id: third, config_path });
      expect([config_path, refused.body.code]).toEqual([config_path, 4002]);
      expect(JSON.stringify(refused.body)).not.toContain("root:");
    }
  });
});

describe("a tool's end", () => {
  it("has the code that it chose", async () => {
    const fail = (how: string) => execute("w", "notes:fail", { how });
    expect(await fail("tool")).toMatchObject({
      status: 400,
      body: { code: 4001, message: "no such note", data: { hint: "add one" } },
    });
    expect(await fail("own")).toMatchObject({
      status: 400,
      body: { code: 4000, message: "its own", data: [1], meta: { more: true, tool: "notes:fail" } },
    });
    expect(await fail("raise")).toMatchObject({
      status: 500,
      body: { code: 5005, data: { traceback: expect.stringContaining("on purpose") } },
    });
  });

  it("says which argument is wrong", async () => {
    const missing = await execute("w", "notes:add", {});
    expect(missing).toMatchObject({ status: 400, body: { code: 4003 } });
    expect(missing.body.message).toContain("text");
    const wrong = await execute("w", "notes:add", { text: 7 });
    expect(wrong).toMatchObject({ status: 400, body: { code: 4004 } });
    expect(wrong.body.message).toContain("text");
    const unknown = await execute("w", "notes:add", { text: "a", txt: "b" });
    expect(unknown).toMatchObject({ status: 400, body: { code: 4000 } });
  });

  it("comes with its time-out, in seconds", async () => {
    const begun = performance.now();
    const late = await execute("w", "notes:nap", { seconds: 60 }, { timeout: 0.1 });
    expect(late).toMatchObject({ status: 500, body: { code: 5006 } });
    expect(performance.now() - begun).toBeLessThan(30_000);
    const enough = await execute("w", "notes:nap", { seconds: 0.01 }, { timeout: 0 });
    expect(enough).toMatchObject({ status: 200 }); // 0 is none
  });

  it("comes with its client's, whose temporary session is cleaned up", async () => {
    const worker_id = newWorker();
    const leaving = new AbortController();
    const body = { worker_id, action: "notes:nap", params: { seconds: 60 } };
    const asked = client
      .post("/api/v1/execute", body, { signal: leaving.signal })
      .catch(() => "left");
    const own = () => readFileSync(log, "utf8").split(`initialize ${worker_id}\n`)[1] ?? "";
    await until(() => own().includes("nap"));
    leaving.abort();
    expect(await asked).toBe("left");
    await until(() => own() === `nap\ncancelled\ncleanup ${worker_id}\n`);
  });

  it("with its process is 5011, loses the sessions there, and harms no other", async () => {
    const worker_id = newWorker();
    await post("/session/create", { worker_id, resource_type: "own" });
    const other = newWorker();
    await post("/session/create", { worker_id: other, resource_type: "notes" });
    const dead = await execute(worker_id, "own:fail", { how: "exit" });
    expect(dead).toMatchObject({ status: 500, body: { code: 5011 } });
    expect(await post("/session/list", { worker_id })).toMatchObject({
      body: { data: { sessions: [{ resource_type: "own", status: "lost" }] } },
    });
    expect(await execute(other, "notes:all")).toMatchObject({ status: 200 });
    const metrics = await (await client.fetch("/metrics")).text();
    expect(metrics).toMatch(/tr_sandbox_sessions\{status="active"\} [1-9]/);
    expect(metrics).toMatch(/tr_sandbox_tool_calls_total\{tool="own:fail",code="5011"\} 1/);
    expect(metrics).toContain('tr_sandbox_backend_warm{backend="notes"} 1');
  });
});

describe("several actions", () => {
  const add = (text: unknown) => ({ action: "notes:add", params: { text } });

  it("run one after the other in one session, until one fails", async () => {
    const worker_id = newWorker();
    await post("/session/create", { worker_id, resource_type: "notes" });
    const good = await post("/execute/batch", { worker_id, actions: [add("a"), add("b")] });
    expect(good).toMatchObject({
      status: 200,
      body: { code: 0, data: { total: 2, executed: 2, success_count: 2 } },
    });
    const { results } = good.body.data as { results: unknown[] };
    expect(results).toMatchObject([
      { code: 0, data: 1 },
      { code: 0, data: 2 },
    ]);
    const partly = { worker_id, actions: [add("c"), add(1), add("d")] };
    const stopped = await post("/execute/batch", partly);
    expect(stopped).toMatchObject({
      status: 207,
      body: { code: 5010, data: { total: 3, executed: 2, success_count: 1 } },
    });
    const went = await post("/execute/batch", { ...partly, stop_on_error: false });
    expect(went).toMatchObject({ body: { data: { executed: 3, success_count: 2 } } });
    const failed = await post("/execute/batch", { worker_id, actions: [add(1)] });
    expect(failed).toMatchObject({ status: 500, body: { code: 5009 } });
  });

  it("run at once, each with its own time-out", async () => {
    const nap = (seconds: number, more: object = {}) => ({
      ...{ action: "notes:nap", params: { seconds } },
      ...more,
    });
    const worker_id = newWorker();
    await post("/session/create", { worker_id, resource_type: "notes" });
    const actions = [nap(60, { timeout: 0.2 }), nap(0.2), nap(0.2)];
    const answer = await post("/execute/batch", { worker_id, actions, parallel: true });
    expect(answer).toMatchObject({
      status: 207,
      body: { data: { success_count: 2, results: [{ code: 5006 }, { code: 0 }, { code: 0 }] } },
    });
  });
});

it("tensors go there and back as files in base64", async () => {
  const shape = [2, 2];
  const sent = encode({ dtype: "float64", shape, data: new Float64Array([2, 4, 6, 8]) });
  const values = { $tsr: Buffer.from(sent).toString("base64") };
  const { body } = await execute("w", "notes:half", { values });
  const { $tsr } = body.data as { $tsr: string };
  const back = decode(Buffer.from($tsr, "base64"));
  expect([back.dtype, back.shape, [...back.data]]).toEqual(["float64", shape, [1, 2, 3, 4]]);
});

it("a request may be as large as maxBodyBytes, and what comes back larger", async () => {
  const data = Buffer.alloc(700_000).toString("base64");
  expect(await execute("w", "measure", { data })).toMatchObject({ body: { data: 700_000 } });
  const tooMuch = await execute("w", "measure", { data: data + data });
  expect(tooMuch).toMatchObject({ status: 413, body: { code: 4002 } });
});

it("back ends are warmed up by name, or all", async () => {
  const ask = async (body: object) => (await client.post("/api/v1/warmup", body)).json();
  const one = { status: "success", results: { notes: true }, summary: any };
  expect(await ask({ backends: ["notes"] })).toEqual(one);
  const summary = { total: 2, warmed_up: 2, pending: 0 };
  const all = { status: "success", results: { notes: true, own: true }, summary };
  expect(await ask({})).toEqual(all);
  expect(await ask({ backends: ["nothing"] })).toMatchObject({
    ...{ status: "partial_error", results: { nothing: false }, errors: { nothing: text } },
  });
  const state = { loaded: true, warmed_up: true };
  expect(await client.json("/api/v1/warmup/status")).toEqual({
    ...{ backends: { notes: state, own: state }, summary },
  });
  expect(readFileSync(log, "utf8").match(/^warmup$/gm)).toHaveLength(1);
});
