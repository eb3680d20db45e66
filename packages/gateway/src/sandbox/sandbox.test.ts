import { decode, encode } from "@tr/tsr-codec";
import { describe, expect, it } from "vitest";
import { until } from "../../test/gateways.js";
import { iso, meta, text, useSandbox } from "../../test/sandbox.js";

const sandbox = useSandbox();
const { execute, lines, newWorker, post } = sandbox;

describe("a gateway with the sandbox alone", () => {
  it("is healthy in so many words, and says how much there is", async () => {
    const { status, body } = await sandbox.client.health();
    expect([status, body]).toEqual([200, { status: "healthy", timestamp: iso }]);
    expect(await sandbox.client.json("/ready")).toEqual({
      ...{ status: "ready", tools_count: 20, active_workers: 0, total_sessions: 0 },
    });
  });

  it("has no chat, and asks for the token on each of its routes", async () => {
    const { paths = {} } = await sandbox.client.json("/openapi.json");
    expect(Object.keys(paths).filter((path) => path.startsWith("/api/v1")).length).toBe(17);
    expect(Object.keys(paths)).not.toContain("/chat");
    for (const [path, methods] of Object.entries(paths)) {
      for (const method of Object.keys(methods)) {
        const url = `${sandbox.client.gateway.url}${path}`;
        const headers = { "content-type": "application/json" };
        const init = { method: method.toUpperCase(), headers };
        const body = method === "post" ? { body: "{}" } : {};
        const response = await fetch(url, { ...init, ...body });
        expect([path, response.status]).toEqual([path, 401]);
        const other = { ...sandbox.client.headers, origin: "https://elsewhere.example.org" };
        expect((await fetch(url, { ...init, ...body, headers: other })).status).toBe(403);
      }
    }
    expect(await sandbox.client.health()).toMatchObject({ status: 200 }); // nobody has ended it
  });
});

describe("tools", () => {
  it("are listed with their schemas, hidden ones on request", async () => {
    const all = (await sandbox.client.json("/api/v1/tools")) as unknown as {
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
    const hidden = await sandbox.client.json("/api/v1/tools?include_hidden=True");
    expect(hidden).toMatchObject({ count: all.count + 2 });
    expect(await sandbox.client.json("/api/v1/tools/notes:add/schema")).toEqual(add);
    expect(await sandbox.client.json("/api/v1/tools/echo/schema")).toMatchObject({ name: "echo" });
    const several = await sandbox.client.fetch("/api/v1/tools/add/schema");
    expect(await several.json()).toEqual({
      ...{ status: "error", message: 'more than one tool is called "add": notes:add, own:add' },
    });
    const none = await sandbox.client.fetch("/api/v1/tools/nothing/schema");
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
    const asked = sandbox.client
      .post("/api/v1/execute", body, { signal: leaving.signal })
      .catch(() => "left");
    const own = () => lines().split(`initialize ${worker_id}\n`)[1] ?? "";
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
    const metrics = await (await sandbox.client.fetch("/metrics")).text();
    expect(metrics).toMatch(/tr_sandbox_sessions\{status="active"\} [1-9]/);
    expect(metrics).toMatch(/tr_sandbox_tool_calls_total\{tool="own:fail",code="5011"\} 1/);
    expect(metrics).toContain('tr_sandbox_backend_warm{backend="notes"} 1');
    expect(metrics).toContain('tr_sandbox_warmups_total{backend="notes"} 1');
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
  const ask = async (body: object) => (await sandbox.client.post("/api/v1/warmup", body)).json();
  const one = { status: "success", results: { notes: true }, summary: expect.anything() };
  expect(await ask({ backends: ["notes"] })).toEqual(one);
  const summary = { total: 2, warmed_up: 2, pending: 0 };
  const all = { status: "success", results: { notes: true, own: true }, summary };
  expect(await ask({})).toEqual(all);
  expect(await ask({ backends: ["nothing"] })).toMatchObject({
    ...{ status: "partial_error", results: { nothing: false }, errors: { nothing: text } },
  });
  const state = { loaded: true, warmed_up: true };
  expect(await sandbox.client.json("/api/v1/warmup/status")).toEqual({
    ...{ backends: { notes: state, own: state }, summary },
  });
  expect(lines().match(/^warmup$/gm)).toHaveLength(1);
});
