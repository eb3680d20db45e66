import { expect, it } from "vitest";
import { randomNumbers, seed } from "../test/campaign.js";
import { type ChatEvent, type Client, eventsOf, until, useGateways } from "../test/gateways.js";

const gateways = useGateways();

interface Seen {
  readonly marker: string;
  readonly leaves: number;
  readonly fails: boolean;
  readonly events: ChatEvent[];
}

/** One request of a client that may leave before the end, of an agent that may fail. */
async function ask(client: Client, number: number, random: () => number): Promise<Seen> {
  const marker = `m${number}`;
  const kind = random();
  const fails = kind < 0.15;
  const leaves = kind > 0.85 ? 1 + Math.floor(random() * 4) : Number.POSITIVE_INFINITY;
  const wish = {
    ...{ marker, events: 1 + Math.floor(random() * 6), pause: random() * 0.01 },
    ...{ async: random() < 0.5 && !fails, ...(fails && { fail: marker }) },
    ...(leaves < Number.POSITIVE_INFINITY && { hangs: true }),
  };
  const control = new AbortController();
  const events: ChatEvent[] = [];
  try {
    const response = await client.stream(wish, { session_id: marker }, { signal: control.signal });
    for await (const event of eventsOf(response)) {
      events.push(event);
      if (events.length === leaves) control.abort();
    }
  } catch (error) {
    if (!control.signal.aborted) throw error;
  }
  return { marker, leaves, fails, events };
}

function check({ marker, leaves, fails, events }: Seen): void {
  const types = events.map(({ type }) => type);
  for (const { session_id } of events) expect(session_id).toBe(marker);
  for (const event of events) if (event.type === "thinking") expect(event.marker).toBe(marker);
  const waited = types.lastIndexOf("queued") + 1;
  expect(types.slice(0, waited).every((type) => type === "queued")).toBe(true);
  const rest = types.slice(waited);
  if (leaves < Number.POSITIVE_INFINITY) {
    expect(rest).not.toContain("completed");
    return;
  }
  expect(rest[0]).toBe("session_start");
  expect(rest.at(-1)).toBe("completed");
  const middle = rest.slice(1, -1);
  if (fails) expect(middle.pop()).toBe("error");
  expect(middle.length).toBeGreaterThan(0);
  expect(middle.every((type) => type === "thinking")).toBe(true);
}

it("of 200 requests at once over three slots each gets its own events, and nothing is left of any", async () => {
  const client = await gateways.ready({ maxConcurrent: 3 });
  const random = randomNumbers(seed);
  const seen = await Promise.all(
    Array.from({ length: 200 }, (_, number) => ask(client, number, random)),
  );
  for (const each of seen) check(each);
  expect(seen.filter(({ leaves }) => leaves < 9).length).toBeGreaterThan(10);
  await until(async () => (await client.health()).body.active_sessions === 0);
  const { status, body } = await client.health();
  expect(status).toBe(200);
  expect(body).toMatchObject({ available_slots: 3, processing_count: 0 });
  const { active_sessions = {} } = await client.json("/sessions");
  for (const { marker, leaves, fails } of seen) {
    const expected = leaves < 9 ? "client_disconnected" : fails ? "error" : "completed";
    expect(active_sessions[marker], marker).toMatchObject({ status: expected });
  }
});
