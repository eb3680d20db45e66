import type { Pool } from "@tr/pool";
import { expect, it } from "vitest";
import { ChatSessions } from "./chat-sessions.js";

const observer = {
  onSlot() {},
  onFirstEvent() {},
  onSlotBack() {},
  onEnd() {},
  onUncleanStop() {},
};

/** Ended sessions whose agent has given one event with so many characters. */
async function ended(count: number, characters: number): Promise<ChatSessions> {
  const lease = {
    session: { sessionId: "w", info: undefined },
    async *stream() {
      yield { type: "answer", content: "x".repeat(characters) };
    },
    release() {},
  };
  const pool = { acquire: async () => lease } as unknown as Pool;
  const sessions = new ChatSessions(pool, {}, observer);
  for (let number = 0; number < count; number++) {
    await sessions.begin({ question: "q", session_id: `s${number}` })?.ended;
  }
  return sessions;
}

it("keeps the last 200 sessions that have ended, and none twice that has another's name", async () => {
  const sessions = await ended(203, 1);
  expect(sessions.all.map(({ id }) => id)).toEqual(
    Array.from({ length: 200 }, (_, i) => `s${i + 3}`),
  );
  const again = sessions.begin({ question: "again", session_id: "s100" });
  await again?.ended;
  expect(sessions.all).toHaveLength(200);
  expect(sessions.all.at(-1)).toBe(again);
});

it("keeps the events of the last ones, 16 MiB of them, and tells those of others as gone", async () => {
  const sessions = await ended(20, 900_000);
  const bytes = sessions.all.map(({ log }) => log.bytes);
  expect(bytes.findIndex((size) => size > 0)).toBe(2); // 18 × 900 kB is the most that fits
  expect(bytes.slice(2).every((size) => size > 900_000)).toBe(true);
  expect(sessions.find("s0")?.log).toMatchObject({ firstId: 4, lastId: 3 });
});
