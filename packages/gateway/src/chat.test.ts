import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type ChatEvent, until, useGateways } from "../test/gateways.js";

const gateways = useGateways();
const typesOf = (events: readonly ChatEvent[]) => events.map(({ type }) => type);

describe("POST /chat/stream", () => {
  it.each([false, true])(
    "gives session_start, the agent's events, completed (async: %s)",
    async (isAsync) => {
      const client = await gateways.ready({ maxConcurrent: 1 });
      const response = await client.stream({ events: 3, marker: "m", async: isAsync });
      expect(response.status).toBe(200);
      expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
      expect(response.headers.get("cache-control")).toMatch("no-cache");
      const text = await response.text();
      const blocks = text.split("\n\n");
      expect(blocks.pop()).toBe("");
      const events = blocks.map((block, place) => {
        const [id, data, ...more] = block.split("\n");
        expect([id, more]).toEqual([`id: ${place + 1}`, []]);
        expect(data).toMatch(/^data: \{"type":/);
        return JSON.parse(data?.slice(6) ?? "");
      });
      const types = ["session_start", "thinking", "thinking", "thinking", "completed"];
      expect(typesOf(events)).toEqual(types);
      expect(new Set(events.map(({ session_id }) => session_id)).size).toBe(1);
      expect(events[0].content).toBeTypeOf("string");
      for (const { timestamp } of events) expect(new Date(timestamp).toISOString()).toBe(timestamp);
      expect(events.slice(1, 4)).toMatchObject(
        [0, 1, 2].map((number) => ({ number, marker: "m" })),
      );
    },
  );

  it("tells the place in the queue before the session begins", async () => {
    const client = await gateways.ready({ maxConcurrent: 1 });
    const file = join(gateways.workspace, "all-are-there");
    const first = client.events({ waits_for: file });
    await expect.poll(async () => (await client.health()).body.processing_count).toBe(1);
    const second = client.events({ marker: "second" });
    await expect.poll(async () => (await client.health()).body.active_sessions).toBe(2);
    const third = client.events({ marker: "third" });
    await expect.poll(async () => (await client.health()).body.active_sessions).toBe(3);
    writeFileSync(file, "");
    expect(typesOf(await first)).toEqual(["session_start", "thinking", "completed"]);
    expect(typesOf(await second)[0]).toBe("queued");
    const events = await third;
    expect(events.filter(({ type }) => type === "queued").map(({ position }) => position)).toEqual([
      2, 1,
    ]);
    expect(typesOf(events).slice(2)).toEqual(["session_start", "thinking", "completed"]);
  });

  it("gives each instance the template with the request's own numbers, and nothing of another's", async () => {
    const template = {
      model: "m",
      deep: { list: [1] },
      generate_cfg: { temperature: 0.5, stop: ["x"] },
    };
    const client = await gateways.ready({ template, maxConcurrent: 1 });
    template.deep.list.push(2);
    const configOf = async (more: object) => {
      const events = await client.events({ shows_config: true }, more);
      return events[1]?.config;
    };
    const general = { top_p: 0.95, presence_penalty: 1.1, max_tokens: 10_000, stop: ["x"] };
    expect(await configOf({ temperature: 0, max_tokens: 5 })).toEqual({
      ...{ model: "m", deep: { list: [1] } },
      generate_cfg: { ...general, temperature: 0, max_tokens: 5 },
    });
    expect(await configOf({})).toMatchObject({ generate_cfg: { ...general, temperature: 0.5 } });
  });

  it("gives a fresh instance in the same process, or a fresh process", async () => {
    const asked = async (isolation: "instance" | "process", spawn?: "fork-server") => {
      const client = await gateways.ready({ isolation, maxConcurrent: 1, ...(spawn && { spawn }) });
      const counts: unknown[] = [];
      for (let i = 0; i < 3; i++) counts.push((await client.events({})).at(-2)?.asked);
      return counts;
    };
    expect(await asked("instance")).toEqual([1, 2, 3]);
    expect(await asked("process")).toEqual([1, 1, 1]);
    if (process.platform === "linux") {
      expect(await asked("process", "fork-server")).toEqual([1, 1, 1]);
    }
  });

  it.each([
    [{ fail: "of its own" }, "TR_PYTHON_ERROR", "ValueError: of its own"],
    [
      { yields: "text" },
      "TR_PYTHON_ERROR",
      /expected a dict with a str under "type", found 'text'/,
    ],
    [{ yields: { type: "completed" } }, "BAD_EVENT", /the type "completed" is the gateway's own/],
    [{ events: 1, bytes: 2 ** 20 }, "BAD_EVENT", /expected at most 1048576/],
    [{ dies: true }, "TR_WORKER_CRASHED", /ended unexpectedly/],
  ])("a failure is one error, then completed: %j", async (wish, code, content) => {
    const client = await gateways.ready({ maxConcurrent: 1 });
    const events = await client.events({ events: 2, ...wish });
    expect(typesOf(events).slice(-2)).toEqual(["error", "completed"]);
    expect(typesOf(events).filter((type) => type === "error" || type === "completed")).toHaveLength(
      2,
    );
    expect(events.at(-2)).toMatchObject({ code, content: expect.stringMatching(content) });
    expect(JSON.stringify(events)).not.toContain("Traceback");
    expect(typesOf(await client.events({})).slice(-2)).toEqual(["thinking", "completed"]);
  });

  it("says that it is busy when no slot comes free in time, or too many wait", async () => {
    const client = await gateways.ready({ maxConcurrent: 1, acquireTimeoutMs: 500, maxQueue: 1 });
    const control = new AbortController();
    await client.stream({ hangs: true }, {}, { signal: control.signal });
    const late = client.events({});
    await until(async () => (await client.health()).body.active_sessions === 2);
    expect(typesOf(await client.events({}))).toEqual(["error", "completed"]); // the queue is full
    const events = await late;
    expect(typesOf(events)).toEqual(["queued", "error", "completed"]);
    expect(events[1]).toMatchObject({
      code: "TR_ACQUIRE_TIMEOUT",
      content: expect.stringMatching(/busy/),
    });
    const response = await client.post("/chat", { question: "{}" });
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).not.toBeNull();
    expect(await response.json()).toMatchObject({ status: "error", code: "TR_ACQUIRE_TIMEOUT" });
    control.abort();
  });

  it("cuts what is too long to be told: a message, and a question in the list", async () => {
    const client = await gateways.ready({ maxConcurrent: 1 });
    const long = "x".repeat(900_000);
    const events = await client.events({ fail: long, session_id: "long" }, { session_id: "long" });
    expect(String(events.at(-2)?.content)).toHaveLength(4001);
    expect(events.at(-1)).toMatchObject({ type: "completed", status: "error" });
    const { active_sessions } = await client.json("/sessions");
    expect(JSON.stringify(active_sessions).length).toBeLessThan(2000);
  });

  it("passes on what JSON does not have as Python's users know it", async () => {
    const client = await gateways.ready({ maxConcurrent: 1 });
    const response = await client.post("/chat", {
      question: `{"events": 0, "yields": {"type": "n", "big": 123456789012345678901234567890}}`,
    });
    expect(await response.text()).toContain('"big":123456789012345678901234567890');
  });
});

describe("POST /chat", () => {
  it("gives all events at once", async () => {
    const client = await gateways.ready();
    const question = JSON.stringify({ events: 2 });
    const response = await client.post("/chat", { question, session_id: "mine" });
    expect(response.status).toBe(200);
    const answer = (await response.json()) as { events: ChatEvent[] };
    expect(answer).toEqual({
      ...{ session_id: "mine", question, total_events: 4 },
      events: expect.any(Array),
      timestamp: expect.any(String),
    });
    expect(typesOf(answer.events)).toEqual(["session_start", "thinking", "thinking", "completed"]);
  });
});

describe("a request that is wrong", () => {
  it("is 400 and names the field", async () => {
    const client = await gateways.ready({ maxConcurrent: 1 });
    const wrong: [string, object][] = [
      ["question", {}],
      ["question", { question: 3 }],
      ["question", { question: "" }],
      ["temperature", { question: "{}", temperature: "hot" }],
      ["top_p", { question: "{}", top_p: 2 }],
      ["presence_penalty", { question: "{}", presence_penalty: null }],
      ["max_tokens", { question: "{}", max_tokens: 0.5 }],
      ["session_id", { question: "{}", session_id: "a/b" }],
    ];
    for (const [field, body] of wrong) {
      for (const path of ["/chat", "/chat/stream"]) {
        const response = await client.post(path, body);
        expect(response.status).toBe(400);
        const error = (await response.json()) as { message: string };
        expect(error).toMatchObject({ status: "error", code: "INVALID_REQUEST", field });
        expect(error.message).toMatch(new RegExp(`^${field}: `));
      }
    }
  });

  it("is 400 for what is no JSON, 413 for what is too large, 404 for what is not there", async () => {
    const client = await gateways.ready({}, { maxBodyBytes: 1000 });
    const post = (body: string) => client.fetch("/chat", { method: "POST", body });
    expect((await post("{")).status).toBe(400);
    expect((await post("[]")).status).toBe(400);
    expect((await post(JSON.stringify({ question: "x".repeat(1000) }))).status).toBe(413);
    expect((await client.fetch("/nothing")).status).toBe(404);
    expect((await client.fetch("/%E0%A4%A")).status).toBe(400);
  });

  it("is 409 when another session of its id has not ended", async () => {
    const client = await gateways.ready();
    const control = new AbortController();
    await client.stream({ hangs: true }, { session_id: "mine" }, { signal: control.signal });
    expect((await client.stream({}, { session_id: "mine" })).status).toBe(409);
    control.abort();
    await expect
      .poll(async () => (await client.stream({}, { session_id: "mine" })).status)
      .toBe(200);
  });
});

it("GET /sessions tells how each goes and went", async () => {
  const client = await gateways.ready({ maxConcurrent: 1 });
  await client.events({ marker: "done" }, { session_id: "done" });
  await client.events({ fail: "x" }, { session_id: "failed" });
  const control = new AbortController();
  await client.stream({ hangs: true }, { session_id: "left" }, { signal: control.signal });
  const waiting = client.events({}, { session_id: "waiting" });
  await expect.poll(async () => (await client.json("/sessions")).total).toBe(4);
  const { active_sessions = {}, timestamp } = await client.json("/sessions");
  expect(timestamp).toEqual(expect.any(String));
  expect(active_sessions).toMatchObject({
    done: {
      question: '{"marker":"done"}',
      status: "completed",
      start_time: expect.any(String),
      end_time: expect.any(String),
    },
    failed: { status: "error" },
    left: { status: "processing" },
    waiting: { status: "queued" },
  });
  expect(active_sessions.left).not.toHaveProperty("end_time");
  control.abort();
  await waiting;
  const { active_sessions: after } = await client.json("/sessions");
  expect(after).toMatchObject({
    left: { status: "client_disconnected" },
    waiting: { status: "completed" },
  });
});

it("GET /openapi.json has every route with what it takes and gives", async () => {
  const client = await gateways.ready();
  const { openapi, paths = {} } = await client.json("/openapi.json");
  expect(openapi).toMatch(/^3\.1/);
  expect(Object.keys(paths).sort()).toEqual([
    "/chat",
    "/chat/stream",
    "/chat/stream/{session_id}",
    "/dashboard/state",
    "/health",
    "/metrics",
    "/sessions",
  ]);
  expect(paths["/chat/stream"]).toMatchObject({
    post: {
      requestBody: { content: { "application/json": { schema: { required: ["question"] } } } },
      responses: { 200: { content: { "text/event-stream": {} } }, 400: {}, 401: {}, 503: {} },
    },
  });
});

it("GET /metrics counts sessions, slots, waits and memory", async () => {
  const client = await gateways.ready({ maxConcurrent: 1 });
  await client.events({});
  await client.events({ fail: "x" });
  const has = async (line: string | RegExp) =>
    expect(await (await client.fetch("/metrics")).text()).toMatch(line);
  await has('tr_chat_sessions_total{status="completed"} 1');
  await has('tr_chat_sessions_total{status="error"} 1');
  await has('tr_chat_slots{state="idle"} 1');
  await has("tr_chat_queue_length 0");
  await has("tr_chat_queue_wait_seconds_count 2");
  await has('tr_http_requests_total{method="POST",route="/chat/stream",status="200"} 2');
  if (process.platform === "linux") {
    const rss = /tr_worker_resident_memory_bytes\{worker="0"\} \d{7}/;
    await expect
      .poll(async () => (await client.fetch("/metrics")).text(), { timeout: 10_000 })
      .toMatch(rss);
  }
});
