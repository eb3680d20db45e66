import { expect, it } from "vitest";
import { type Client, until, useGateways } from "../../test/gateways.js";
import type { DashboardState } from "./state-schema.js";

const gateways = useGateways();

const stateOf = async (client: Client) =>
  (await (await client.fetch("/dashboard/state")).json()) as DashboardState;

it("the state says who works for which session, and what has ended", async () => {
  const client = await gateways.ready({ maxConcurrent: 2 });
  await client.events({}, { session_id: "first" });
  const running = new AbortController();
  const { signal } = running;
  const stream = client.stream({ hangs: true, bytes: 500 }, { session_id: "second" }, { signal });
  const text = stream.then((response) => response.text()).catch(() => "left");
  await until(async () => (await stateOf(client)).workers.some((worker) => worker.session_id));
  await until(async () => ((await stateOf(client)).sessions[0]?.events ?? 0) === 2);
  const state = await stateOf(client);
  expect(state).toMatchObject({
    ...{ slots: { size: 2, idle: 1, busy: 1 }, queued: 0, restarts: 0, total_sessions: 2 },
    sessions: [
      { session_id: "second", status: "processing", events: 2 },
      { session_id: "first", status: "completed", events: 3 },
    ],
  });
  expect(state.trouble).toBeUndefined();
  const busy = state.workers.find(({ status }) => status === "busy");
  expect(busy).toMatchObject({ session_id: "second", pid: expect.any(Number) });
  expect(Date.parse(busy?.busy_since ?? "")).toBeLessThanOrEqual(Date.parse(state.timestamp));
  expect(state.workers.find(({ status }) => status === "ready")).not.toHaveProperty("session_id");
  const ended = state.history.points.reduce((sum, point) => sum + point.ended, 0);
  expect(ended).toBe(1);
  running.abort();
  expect(await text).toBe("left");
});

it("a worn-out process is shown while it has its last call", async () => {
  const client = await gateways.ready({ maxConcurrent: 1, isolation: "process" });
  const running = new AbortController();
  const { signal } = running;
  const stream = client.stream({ hangs: true }, { session_id: "last" }, { signal });
  const text = stream.then((response) => response.text()).catch(() => "left");
  const shown = async () =>
    (await stateOf(client)).workers.find(({ session_id }) => session_id === "last");
  await until(shown);
  await until(async () => (await shown())?.name.startsWith("last call of "));
  expect(await shown()).toMatchObject({ status: "busy" });
  running.abort();
  expect(await text).toBe("left");
});

it("the state stays small with hundreds of sessions", async () => {
  const client = await gateways.ready({ maxConcurrent: 1, maxQueue: 400 });
  const running = new AbortController();
  const { signal } = running;
  const question = JSON.stringify({ hangs: true, marker: "x".repeat(5000) });
  const asked = Array.from({ length: 300 }, () =>
    client.post("/chat", { question }, { signal }).catch(() => "left"),
  );
  await until(async () => (await stateOf(client)).queued === 299);
  const text = await (await client.fetch("/dashboard/state")).text();
  const { sessions, total_sessions } = JSON.parse(text) as DashboardState;
  expect(total_sessions).toBe(300);
  expect(sessions).toHaveLength(101);
  expect(sessions.at(-1)).toMatchObject({ status: "processing" });
  expect(text.length).toBeLessThan(60_000);
  running.abort();
  expect(await Promise.all(asked)).toEqual(Array(300).fill("left"));
});
