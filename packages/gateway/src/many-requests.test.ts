import { expect, it } from "vitest";
import { campaignSize, randomNumbers, seed } from "../test/campaign.js";
import { type ChatEvent, type Client, eventsOf, until, useGateways } from "../test/gateways.js";

const gateways = useGateways();

interface Seen {
  readonly marker: string;
  readonly leaves: "at once" | "later" | undefined;
  readonly fails: boolean;
  readonly events: ChatEvent[];
}

/** One request of a client that may leave before the end, of an agent that may fail. */
async function ask(
  client: Client,
  number: number,
  random: () => number,
  onEvent: (event: ChatEvent) => void = () => {},
): Promise<Seen> {
  const marker = `m${number}`;
  const kind = random();
  const fails = kind < 0.15;
  // At its first event, which mostly is that it waits, or when its agent works.
  const leaves = kind < 0.8 ? undefined : kind < 0.87 ? "at once" : "later";
  const wish = {
    ...{ marker, events: 1 + Math.floor(random() * 6), pause: random() * 0.01 },
    ...{ async: random() < 0.5 && !fails, ...(fails && { fail: marker }) },
    ...(leaves && { hangs: true }),
  };
  const control = new AbortController();
  const events: ChatEvent[] = [];
  try {
    const response = await client.stream(wish, { session_id: marker }, { signal: control.signal });
    for await (const event of eventsOf(response)) {
      events.push(event);
      onEvent(event);
      if (leaves === "at once" || (leaves && event.type === "thinking")) control.abort();
    }
  } catch (error) {
    if (!control.signal.aborted) throw error;
  }
  return { marker, leaves, fails, events };
}

function check({ marker, leaves, fails, events }: Seen, mayCrash = false): void {
  const types = events.map(({ type }) => type);
  for (const { session_id } of events) expect(session_id).toBe(marker);
  for (const event of events) if (event.type === "thinking") expect(event.marker).toBe(marker);
  const waited = types.lastIndexOf("queued") + 1;
  expect(types.slice(0, waited).every((type) => type === "queued")).toBe(true);
  const rest = types.slice(waited);
  if (mayCrash && rest[0] === "error") {
    expect(rest).toEqual(["error", "completed"]); // there was no worker at all
    return;
  }
  const hasCrashed = mayCrash && rest.includes("error");
  if (leaves && !hasCrashed) {
    expect(rest).not.toContain("completed");
    return;
  }
  expect(rest[0]).toBe("session_start");
  expect(rest.at(-1)).toBe("completed");
  const middle = rest.slice(1, -1);
  if (fails || hasCrashed) expect(middle.pop()).toBe("error");
  if (!hasCrashed) expect(middle.length).toBeGreaterThan(0);
  expect(middle.every((type) => type === "thinking")).toBe(true);
}

it("of 200 requests at once over three slots each gets its own events, and nothing is left of any", async () => {
  const client = await gateways.ready({ maxConcurrent: 3 });
  const random = randomNumbers(seed);
  const seen = await Promise.all(
    Array.from({ length: 200 }, (_, number) => ask(client, number, random)),
  );
  for (const each of seen) check(each);
  expect(seen.filter(({ leaves }) => leaves).length).toBeGreaterThan(10);
  await until(async () => (await client.health()).body.active_sessions === 0);
  const { status, body } = await client.health();
  expect(status).toBe(200);
  expect(body).toMatchObject({ available_slots: 3, processing_count: 0 });
  const { active_sessions = {} } = await client.json("/sessions");
  for (const { marker, leaves, fails } of seen) {
    const expected = leaves ? "client_disconnected" : fails ? "error" : "completed";
    expect(active_sessions[marker], marker).toMatchObject({ status: expected });
  }
});

it("while workers are killed at random each session ends once, with its own events alone", async () => {
  const client = await gateways.ready({ maxConcurrent: 3, reviveMs: 50 });
  const random = randomNumbers(seed + 1);
  const count = campaignSize(60);
  let kills = 0;
  // Of whom an event has just come: it may have ended, but its id is nobody else's yet.
  const killSome = ({ pid }: ChatEvent) => {
    if (typeof pid !== "number" || random() > 0.05) return;
    try {
      process.kill(pid, "SIGKILL");
      kills++;
    } catch {
      // it has ended
    }
  };
  for (let number = 0; number < count; number += 60) {
    const seen = await Promise.all(
      Array.from({ length: 60 }, (_, i) => ask(client, number + i, random, killSome)),
    );
    for (const each of seen) check(each, true);
  }
  console.log(`${count} sessions, ${kills} kills`);
  expect(kills).toBeGreaterThan(0);
  await until(async () => (await client.health()).body.available_slots === 3, 30_000);
  expect((await client.health()).body).toMatchObject({ active_sessions: 0, processing_count: 0 });
}, 3_600_000);
