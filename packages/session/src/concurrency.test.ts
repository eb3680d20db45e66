import { expect, it } from "vitest";
import { script, useSessions } from "../test/scripts.js";

const sessions = useSessions();

it("a worker that takes four calls at once gets no more, and every answer reaches its call", async () => {
  const session = await sessions.started({ script: script("four_at_once.py") });
  expect(session.info?.concurrency).toBe(4);
  const numbers = Array.from({ length: 8 }, (_, i) => i);
  const answers = numbers.map((i) => session.call("work", [i, 0.3 - 0.03 * i]));
  expect(await Promise.all(answers)).toEqual(numbers);
  expect(await session.call("most_at_once")).toBe(4);
});

it("one of several calls that run is stopped and the others go on", async () => {
  const session = await sessions.started({ script: script("four_at_once.py") });
  const control = new AbortController();
  const others = [1, 2, 3].map((i) => session.call("work", [i, 0.3]));
  const { signal } = control;
  const stopped = session.call("work", [4, 30], { signal, onProgress: () => control.abort() });
  const fifth = session.call("work", [5, 0.01]);
  await expect(stopped).rejects.toMatchObject({ code: "TR_CANCELLED", stopped: "cancelled" });
  expect(await fifth).toBe(5); // in the place that has become free
  expect(await Promise.all(others)).toEqual([1, 2, 3]);
});
