import { existsSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  type Client,
  eventsOf,
  readEvents,
  until,
  useGateways,
  type Wish,
} from "../test/gateways.js";

const gateways = useGateways();

/** Begins a stream and reads so many of its events. */
async function begun(client: Client, wish: Wish, count: number, more: object = {}) {
  const control = new AbortController();
  const response = await client.stream(wish, more, { signal: control.signal });
  const events = eventsOf(response);
  const seen: unknown[] = [];
  while (seen.length < count) seen.push((await events.next()).value);
  return { leave: () => control.abort(), seen, events };
}

async function msUntil(condition: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await until(condition);
  return performance.now() - started;
}

const freeSlots = async (client: Client) => (await client.health()).body.available_slots;

describe("a client that leaves", () => {
  it.each([
    ["a plain generator", {}],
    ["an async one", { async: true }],
  ])("stops %s, whose finally runs, and frees its slot within a second", async (_, wish) => {
    const client = await gateways.ready({ maxConcurrent: 1 });
    const mark = join(gateways.workspace, "mark");
    const { leave } = await begun(client, { ...wish, hangs: true, mark, marker: "left" }, 2);
    leave();
    expect(await msUntil(async () => (await freeSlots(client)) === 1)).toBeLessThan(1000);
    expect(readFileSync(mark, "utf8")).toBe("left");
    expect(gateways.lines.join("")).not.toMatch("did not stop in order");
    expect((await client.events({})).at(-1)).toMatchObject({ status: "completed" });
  });

  it("of POST /chat stops it as well", async () => {
    const client = await gateways.ready({ maxConcurrent: 1 });
    const mark = join(gateways.workspace, "mark");
    const control = new AbortController();
    const question = JSON.stringify({ hangs: true, mark });
    const answer = client.post("/chat", { question }, { signal: control.signal });
    const first = /tr_chat_first_event_seconds_count 1/;
    await until(async () => first.test(await (await client.fetch("/metrics")).text()));
    control.abort();
    await expect(answer).rejects.toThrow();
    await until(async () => (await freeSlots(client)) === 1);
    expect(existsSync(mark)).toBe(true);
  });

  it("of a stubborn agent has its worker killed; others are served, however often that happens", async () => {
    const client = await gateways.ready({ maxConcurrent: 1 });
    const stubborn = join(gateways.workspace, "stubborn");
    const { leave } = await begun(client, { stubborn }, 2);
    await until(() => existsSync(stubborn));
    leave();
    expect(
      await msUntil(async () => (await client.health()).body.active_sessions === 0),
    ).toBeLessThan(2000);
    expect(gateways.lines.join("")).toMatch("did not stop in order");
    expect((await client.events({})).at(-1)).toMatchObject({ status: "completed" });
  });

  it("while it waits is no longer in the queue", async () => {
    const client = await gateways.ready({ maxConcurrent: 1 });
    const first = await begun(client, { hangs: true }, 2);
    const second = await begun(client, {}, 1);
    expect(second.seen).toMatchObject([{ type: "queued", position: 1 }]);
    second.leave();
    await until(async () => (await client.health()).body.active_sessions === 1);
    first.leave();
    await until(async () => (await freeSlots(client)) === 1);
  });
});

describe("GET /chat/stream/{session_id}", () => {
  const resume = (client: Client, id: string, lastEventId?: number | string) =>
    client.fetch(`/chat/stream/${id}`, {
      headers: lastEventId === undefined ? {} : { "last-event-id": String(lastEventId) },
    });

  it("goes on after the last event that was seen, within the grace", async () => {
    const client = await gateways.ready({ maxConcurrent: 1, resumeGraceMs: 10_000 });
    const { leave, seen } = await begun(client, { events: 20, pause: 0.02 }, 5, {
      session_id: "r",
    });
    leave();
    const rest = await readEvents(await resume(client, "r", 5));
    const ids = [...(seen as { id: number }[]), ...rest].map(({ id }) => id);
    expect(ids).toEqual(Array.from({ length: 22 }, (_, i) => i + 1));
    expect(rest.at(-1)).toMatchObject({ type: "completed", status: "completed" });
  });

  it("stops the session when the grace is over", async () => {
    const client = await gateways.ready({ maxConcurrent: 1, resumeGraceMs: 300 });
    const { leave } = await begun(client, { hangs: true }, 2, { session_id: "r" });
    leave();
    const back = await resume(client, "r", 2); // in time: it goes on
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(await freeSlots(client)).toBe(0);
    await back.body?.cancel();
    await until(async () => (await freeSlots(client)) === 1);
    const { active_sessions } = await client.json("/sessions");
    expect(active_sessions?.r).toMatchObject({ status: "client_disconnected" });
  });

  it("tells of the death of the worker that came while nobody was there", async () => {
    const client = await gateways.ready({ maxConcurrent: 1, resumeGraceMs: 10_000 });
    const { leave, seen } = await begun(client, { hangs: true }, 2, { session_id: "d" });
    leave();
    const [, thinking] = seen as { pid?: number }[];
    process.kill(Number(thinking?.pid), "SIGKILL");
    expect(await readEvents(await resume(client, "d", 2))).toMatchObject([
      { id: 3, type: "error", code: "TR_WORKER_CRASHED" },
      { id: 4, type: "completed", status: "error" },
    ]);
  });

  it("looks on with ?watch=true, which keeps nothing alive", async () => {
    const client = await gateways.ready({ maxConcurrent: 1 });
    const { leave } = await begun(client, { hangs: true }, 2, { session_id: "w" });
    const watched = readEvents(await client.fetch("/chat/stream/w?watch=true"));
    leave();
    const end = { type: "completed", status: "client_disconnected" };
    expect((await watched).at(-1)).toMatchObject(end);
  });

  it("replays what is kept after the end, and says 410 for what is not", async () => {
    const client = await gateways.ready({ maxConcurrent: 1 });
    const all = await client.events({ events: 3 }, { session_id: "short" });
    expect(await readEvents(await resume(client, "short"))).toEqual(all);
    expect(await readEvents(await resume(client, "short", ""))).toEqual(all); // as if there were none
    expect(await readEvents(await resume(client, "short", 3))).toEqual(all.slice(3));
    expect((await resume(client, "short", 5)).status).toBe(204);
    expect((await resume(client, "short", 6)).status).toBe(400);
    expect((await resume(client, "short", "x")).status).toBe(400);
    expect((await resume(client, "other")).status).toBe(404);
    await client.events({ events: 5, bytes: 300_000 }, { session_id: "long" });
    const gone = await resume(client, "long", 1);
    expect(gone.status).toBe(410);
    expect(await gone.json()).toMatchObject({ status: "error", code: "EVENTS_GONE" });
    const kept = await readEvents(await resume(client, "long"));
    expect(kept.map(({ id }) => id)).toEqual([4, 5, 6, 7]);
  });
});

describe("a client that does not read", () => {
  it("holds the agent back, costs little, and is dropped; another is not disturbed", async () => {
    const client = await gateways.ready({ maxConcurrent: 2, stallMs: 2500 });
    const mark = join(gateways.workspace, "mark");
    const body = JSON.stringify({
      question: JSON.stringify({ events: 300, bytes: 100_000, mark }),
      session_id: "stalled",
    });
    const before = process.memoryUsage().arrayBuffers;
    const { port } = new URL(client.gateway.url ?? "");
    const socket = connect(Number(port), "127.0.0.1").pause();
    socket.write(
      `POST /chat/stream HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${client.gateway.token}\r\n` +
        `content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    await until(async () => (await client.json("/sessions")).active_sessions?.stalled);
    let most = 0;
    await until(async () => {
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
      const events = await client.events({ events: 1 });
      expect(events.at(-1)).toMatchObject({ status: "completed" });
      return existsSync(mark);
    });
    // The log of 1 MiB, what is on its way to the socket, and what the collector has not come to yet.
    expect(most).toBeLessThan(24 * 2 ** 20);
    await until(async () => (await freeSlots(client)) === 2);
    expect(gateways.lines.join("")).toMatch('"how":"stalled"');
    // It would have come to its end long before, but for the client.
    const { active_sessions } = await client.json("/sessions");
    expect(active_sessions?.stalled).toMatchObject({ status: "client_disconnected" });
    socket.destroy();
  });
});

it("says a comment when there is nothing to say for long", async () => {
  const client = await gateways.ready({ maxConcurrent: 1, heartbeatMs: 30 });
  const response = await client.stream({ events: 2, pause: 0.2 });
  const text = await response.text();
  expect(text.match(/^: still here$/gm)?.length).toBeGreaterThan(3);
  expect(text).toMatch(/"completed"/);
});
