import { expect, it } from "vitest";
import { EventLog, maxLogBytes } from "./event-log.js";

const never = new AbortController().signal;
const bytes = (count: number) => Buffer.alloc(count, "x");

it("gives each reader every event once, whenever it comes", async () => {
  const log = new EventLog();
  const readAll = async (afterId: number) => {
    const reader = log.read(afterId);
    const ids: number[] = [];
    for (;;) {
      const event = await reader.next(never);
      if (typeof event !== "object") return { ids, event };
      ids.push(event.id);
    }
  };
  const early = readAll(0);
  log.append(bytes(10));
  const middle = readAll(1);
  log.append(bytes(10));
  log.append(bytes(10));
  log.end();
  expect(await early).toEqual({ ids: [1, 2, 3], event: "end" });
  expect(await middle).toEqual({ ids: [2, 3], event: "end" });
  expect(await readAll(3)).toEqual({ ids: [], event: "end" });
});

it("never keeps more than its limit, and says what is lost", async () => {
  const log = new EventLog();
  const slow = log.read(0);
  for (let i = 0; i < 1000; i++) {
    log.append(bytes(1 + ((i * 7919) % 50_000)));
    expect(log.bytes).toBeLessThanOrEqual(maxLogBytes);
  }
  expect(log.bytes).toBeGreaterThan(maxLogBytes - 50_000);
  expect(await slow.next(never)).toBe("lost");
  const kept = log.read(log.firstId - 1);
  expect(await kept.next(never)).toMatchObject({ id: log.firstId });
  log.append(bytes(maxLogBytes)); // one may fill it
  expect([log.firstId, log.lastId, log.bytes]).toEqual([1001, 1001, maxLogBytes]);
  log.clear();
  expect([log.firstId, log.bytes]).toEqual([1002, 0]);
});

it("has room when all who read have read enough, or have gone", async () => {
  const log = new EventLog();
  const half = maxLogBytes / 2;
  const [quick, slow] = [log.read(0), log.read(0)];
  log.append(bytes(half));
  await log.room(half, never);
  log.append(bytes(half));
  let hasRoom = 0;
  const count = () => hasRoom++;
  const room = log.room(1, never).then(count);
  const larger = log.room(half + 1, never).then(count);
  await quick.next(never);
  await quick.next(never);
  await new Promise(setImmediate);
  expect(hasRoom).toBe(0);
  await slow.next(never);
  await room;
  expect(hasRoom).toBe(1);
  slow.close();
  await larger;
  const stopped = new AbortController();
  const reader = log.read(0);
  const aborted = log.room(maxLogBytes, stopped.signal);
  const nothing = log.read(2).next(stopped.signal);
  stopped.abort();
  await aborted;
  expect(await nothing).toBeUndefined();
  reader.close();
});
