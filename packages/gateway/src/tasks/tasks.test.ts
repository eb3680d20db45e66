import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Registry } from "prom-client";
import { expect, it } from "vitest";
import {
  agentScript,
  type Client,
  eventsOf,
  readEvents,
  until,
  useGateways,
  type Wish,
} from "../../test/gateways.js";
import { createChat } from "../chat/chat.js";
import type { ChatOptions } from "../chat/options.js";
import { createLog } from "../log.js";
import type { TasksOptions } from "./options.js";

const gateways = useGateways();

const data = () => join(gateways.workspace, "data");
const ready = (chat?: Partial<ChatOptions>, tasks: Partial<TasksOptions> = {}, drainMs = 2000) =>
  gateways.ready(chat, { tasks: { dataDir: data(), ...tasks }, drainMs });

const post = (client: Client, wish: Wish, more: object = {}) =>
  client.post("/tasks", { question: JSON.stringify(wish), ...more });
async function submit(client: Client, wish: Wish, more?: object): Promise<string> {
  const response = await post(client, wish, more);
  expect(response.status).toBe(202);
  return ((await response.json()) as { task_id: string }).task_id;
}
const task = (client: Client, id: string): Promise<Record<string, unknown>> =>
  client.json(`/tasks/${id}`);
const events = async (client: Client, id: string, headers: Record<string, string> = {}) =>
  readEvents(await client.fetch(`/tasks/${id}/events`, { headers }));
const cancel = ({ gateway: { url, token } }: Client, id: string) =>
  fetch(`${url}/tasks/${id}`, { method: "DELETE", headers: { authorization: `Bearer ${token}` } });
const become = (client: Client, id: string, state: string) =>
  until(async () => (await task(client, id)).state === state);
const types = (list: readonly { type: string }[]) => list.map(({ type }) => type);

it("a task is run without a client; its events can be read while it runs, and again", async () => {
  const client = await ready();
  const go = join(gateways.workspace, "go");
  const id = await submit(
    client,
    { events: 2, waits_for: go, marker: "m", shows_config: true },
    { temperature: 0.1 },
  );
  const live = await client.fetch(`/tasks/${id}/events`);
  const seen: { id: number; type: string }[] = [];
  for await (const event of eventsOf(live)) {
    seen.push(event);
    if (event.id !== 3) continue;
    expect(await task(client, id)).toMatchObject({ state: "running", total_events: 3 });
    // Who looks on as at a chat, and leaves, ends nothing.
    const watcher = new AbortController();
    await client.fetch(`/chat/stream/${id}`, { signal: watcher.signal });
    watcher.abort();
    await until(() => gateways.lines.some((line) => line.includes('"how":"left"')));
    writeFileSync(go, "");
  }
  expect(seen.map((event) => event.id)).toEqual([1, 2, 3, 4]);
  expect(types(seen)).toEqual(["session_start", "thinking", "thinking", "completed"]);
  expect(seen[1]).toMatchObject({ session_id: id, config: { generate_cfg: { temperature: 0.1 } } });
  expect(seen[3]).toMatchObject({ status: "completed" });
  expect(await task(client, id)).toMatchObject({
    ...{ task_id: id, state: "completed", idempotent: false, attempts: 1, total_events: 4 },
    ...{ start_time: expect.any(String), end_time: expect.any(String) },
  });
  expect(await events(client, id)).toEqual(seen);
  expect(await events(client, id, { "last-event-id": "2" })).toEqual(seen.slice(2));
  const last = await client.fetch(`/tasks/${id}/events`, { headers: { "last-event-id": "4" } });
  expect(last.status).toBe(204);
  const wrong = await client.fetch(`/tasks/${id}/events`, { headers: { "last-event-id": "5" } });
  expect(wrong.status).toBe(400);
});

it("a chosen id can be sent twice without asking twice; the list goes page by page", async () => {
  const client = await ready();
  for (const id of ["a", "b", "c"]) await submit(client, {}, { session_id: id });
  const again = await post(client, {}, { session_id: "a" });
  expect(again.status).toBe(409);
  expect(await again.json()).toMatchObject({ code: "TASK_EXISTS" });
  for (const id of ["a", "b", "c"]) await become(client, id, "completed");
  const page = async (query: string) =>
    (await client.json(`/tasks?${query}`)) as unknown as {
      tasks: { task_id: string }[];
      next?: number;
    };
  const first = await page("limit=2&state=completed");
  expect(first.tasks.map(({ task_id }) => task_id)).toEqual(["c", "b"]);
  const second = await page(`limit=2&before=${first.next}`);
  expect(second).toMatchObject({ tasks: [{ task_id: "a", question: "{}" }] });
  expect(second.next).toBeUndefined();
  expect(await page("state=failed")).toEqual({ tasks: [] });
});

it("DELETE stops one that runs, its finally runs; takes one that waits out of the queue; others are 409", async () => {
  const client = await ready({ maxConcurrent: 1 });
  const mark = join(gateways.workspace, "mark");
  const running = await submit(client, { hangs: true, mark, marker: "left" });
  const waiting = await submit(client, {});
  const third = await submit(client, {});
  await until(async () => (await task(client, running)).total_events === 2);
  const stopped = await cancel(client, waiting);
  expect(stopped.status).toBe(200);
  expect(await stopped.json()).toMatchObject({ state: "cancelled", total_events: 1, attempts: 0 });
  expect(await events(client, waiting)).toMatchObject([{ type: "completed", status: "cancelled" }]);
  expect((await cancel(client, running)).status).toBe(200);
  expect(readFileSync(mark, "utf8")).toBe("left");
  expect(types(await events(client, running))).toEqual(["session_start", "thinking", "completed"]);
  expect((await cancel(client, running)).status).toBe(200); // it is what was asked for
  await become(client, third, "completed"); // the slot is free
  const ended = await cancel(client, third);
  expect(ended.status).toBe(409);
  expect(await ended.json()).toMatchObject({ code: "TASK_ENDED" });
  expect((await cancel(client, "none")).status).toBe(404);
  expect(await (await client.fetch("/metrics")).text()).toMatch(
    /tr_tasks_total\{state="cancelled"\} 2\n/,
  );
});

it("a failure is told, and gives the slot back: an exception, a dead worker, too many events", async () => {
  const client = await ready({ maxConcurrent: 1 }, { maxEvents: 50 });
  const failing = await submit(client, { fail: "no luck" });
  const dying = await submit(client, { dies: true });
  const large = await submit(client, { events: 1000 });
  const fine = await submit(client, { events: 10 });
  await become(client, fine, "completed");
  expect(await task(client, failing)).toMatchObject({
    ...{ state: "failed", error: { code: "TR_PYTHON_ERROR", content: "ValueError: no luck" } },
  });
  expect((await events(client, failing)).slice(2)).toMatchObject([
    { type: "error", code: "TR_PYTHON_ERROR" },
    { type: "completed", status: "failed" },
  ]);
  expect(await task(client, dying)).toMatchObject({ error: { code: "TR_WORKER_CRASHED" } });
  expect(await task(client, large)).toMatchObject({
    ...{ state: "failed", total_events: 52, error: { code: "TASK_TOO_LARGE" } },
  });
});

it("chats do not stand behind all tasks, and so many tasks may wait", async () => {
  const client = await ready({ maxConcurrent: 1 }, { maxQueued: 2 });
  const go = join(gateways.workspace, "go");
  const first = await submit(client, { waits_for: go });
  await become(client, first, "running");
  const second = await submit(client, {});
  await submit(client, {});
  const refused = await post(client, {});
  expect(refused.status).toBe(503);
  expect(refused.headers.get("retry-after")).toBe("5");
  expect(await refused.json()).toMatchObject({ code: "TOO_MANY_TASKS" });
  const chat = await client.stream({});
  writeFileSync(go, "");
  const start = (await readEvents(chat)).find(({ type }) => type === "session_start");
  await become(client, second, "completed");
  const { start_time } = await task(client, second);
  expect(start?.timestamp).toMatch(/^20/);
  expect(Date.parse(start?.timestamp ?? "")).toBeLessThanOrEqual(Date.parse(String(start_time)));
});

it("closing lets an idempotent one wait for the next start, and interrupts another", async () => {
  const go = join(gateways.workspace, "go");
  const before = await ready({ maxConcurrent: 2 }, {}, 100);
  const wish = { events: 2, waits_for: go };
  const again = await submit(before, wish, { idempotent: true });
  const once = await submit(before, wish);
  const waiting = await submit(before, {});
  for (const id of [again, once]) {
    await until(async () => (await task(before, id)).total_events === 3);
  }
  const reader = events(before, waiting);
  await before.gateway.close();
  expect(await reader).toEqual([]); // no completed: it goes on
  writeFileSync(go, "");
  const after = await ready({ maxConcurrent: 2 });
  await become(after, again, "completed");
  await become(after, waiting, "completed");
  expect(await task(after, again)).toMatchObject({ attempts: 2, total_events: 7 });
  expect(await task(after, once)).toMatchObject({
    ...{ state: "interrupted", attempts: 1, error: { code: "INTERRUPTED" } },
  });
});

it("an idempotent one whose worker dies is begun anew, three times at most; another fails", async () => {
  const client = await ready({ maxConcurrent: 3 });
  const go = join(gateways.workspace, "go");
  const killed = await submit(client, { waits_for: go }, { idempotent: true });
  const deadly = await submit(client, { dies: true }, { idempotent: true });
  const other = await submit(client, { dies: true });
  const seen: string[] = [];
  for await (const { type, pid } of eventsOf(await client.fetch(`/tasks/${killed}/events`))) {
    seen.push(type);
    if (type !== "thinking" || existsSync(go)) continue;
    process.kill(Number(pid), "SIGKILL");
    writeFileSync(go, "");
  }
  const once = ["session_start", "thinking"];
  expect(seen).toEqual([...once, ...once, "completed"]);
  expect(await task(client, killed)).toMatchObject({ state: "completed", attempts: 2 });
  const error = { code: "TR_WORKER_CRASHED" };
  await become(client, other, "failed");
  expect(await task(client, other)).toMatchObject({ attempts: 1, error });
  await become(client, deadly, "failed");
  expect(await task(client, deadly)).toMatchObject({ attempts: 3, error });
  const all = types(await events(client, deadly));
  expect(all).toEqual([...once, ...once, ...once, "error", "completed"]);
});

it("the database is one gateway's at a time, and another says so", async () => {
  await ready();
  await expect(ready()).rejects.toThrow(/tasks\.dataDir: another gateway uses .*tasks\.sqlite/);
});

it("keeps so many that have ended; the id of one that is gone is free", async () => {
  const client = await ready({}, { keepCount: 1 });
  await submit(client, { events: 450 }, { session_id: "old" });
  await become(client, "old", "completed");
  await submit(client, {}, { session_id: "new" });
  await become(client, "new", "completed");
  await until(async () => (await client.fetch("/tasks/old")).status === 404);
  await submit(client, {}, { session_id: "old" });
  await become(client, "old", "completed");
  expect(await events(client, "old")).toHaveLength(3);
  await until(async () => (await client.fetch("/tasks/new")).status === 404);
});

it("waits while a chat has its name", async () => {
  const client = await ready({ maxConcurrent: 2 });
  const go = join(gateways.workspace, "go");
  const chat = await client.stream({ waits_for: go }, { session_id: "x" });
  await submit(client, {}, { session_id: "x" });
  expect(await task(client, "x")).toMatchObject({ state: "queued", attempts: 0 });
  writeFileSync(go, "");
  await readEvents(chat);
  await become(client, "x", "completed");
});

it("an agent is told nothing before it is on the disk that it begins; the slot is given back", async () => {
  const log = createLog({ level: "silent" });
  const options = { script: agentScript, workspace: gateways.workspace, maxConcurrent: 1 };
  const chat = createChat(options, { log, metrics: new Registry() });
  const fails = () => {
    throw new Error("the disk is full");
  };
  const mark = join(gateways.workspace, "mark");
  const first = chat.sessions.begin({ question: JSON.stringify({ mark }) }, { onSlot: fails });
  await first?.ended;
  expect(first?.failure?.code).toBe("INTERNAL");
  expect(existsSync(mark)).toBe(false);
  const second = chat.sessions.begin({ question: JSON.stringify({ mark }) });
  await second?.ended;
  expect(second?.status).toBe("completed");
  expect(existsSync(mark)).toBe(true);
  await chat.close();
});

it("without the option there are neither routes nor a file", async () => {
  const client = await gateways.ready();
  expect((await post(client, {})).status).toBe(404);
  expect(existsSync(data())).toBe(false);
});
