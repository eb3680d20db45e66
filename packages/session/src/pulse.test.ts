import { expect, it } from "vitest";
import { Pulse } from "./pulse.js";

it("is silent after three beats that did not come, says so once, and again after a recovery", () => {
  const pulse = new Pulse(0);
  expect(pulse.look(0, { seq: 0, ageMs: 0 })).toBe("beat");
  const look = (nowMs: number, seq = 0) => pulse.look(nowMs, { seq, ageMs: 0 });
  expect([1000, 2000, 2999, 3000, 4000].map((nowMs) => look(nowMs))).toEqual(
    [undefined, undefined, undefined, "silence", undefined], // once
  );
  expect(pulse.isUnresponsive).toBe(true);
  expect(look(5000, 1)).toBe("beat");
  expect(pulse.isUnresponsive).toBe(false);
  expect([6000, 7000, 8000].map((nowMs) => look(nowMs, 1))).toContain("silence");
});

it("counts from the beat, not from the look that found it, and looks again when three have passed", () => {
  const pulse = new Pulse(0);
  pulse.look(1000, { seq: 4, ageMs: 700 });
  expect(pulse.silentMs).toBe(700);
  expect(pulse.nextLookMs).toBe(1000);
  pulse.look(2000, { seq: 4, ageMs: 0 });
  pulse.look(3000, { seq: 4, ageMs: 0 });
  expect(pulse.nextLookMs).toBe(300);
  expect(pulse.look(3300, undefined)).toBe("silence");
  expect(pulse.nextLookMs).toBe(1000);
});

it("does not hold a jump of the clock of the day against the worker", () => {
  const pulse = new Pulse(0);
  pulse.look(0, { seq: 0, ageMs: 1e9 });
  expect(pulse.silentMs).toBe(1000);
  pulse.look(1000, { seq: 1, ageMs: -1e9 });
  expect(pulse.silentMs).toBe(0);
});

it("does not hold this program's own pauses against the worker", () => {
  const pulse = new Pulse(0);
  pulse.look(0, { seq: 0, ageMs: 0 });
  expect(pulse.look(60_000, { seq: 0, ageMs: 0 })).toBeUndefined();
  expect(pulse.silentMs).toBe(1000);
});

it("is silent when no beat ever came", () => {
  const pulse = new Pulse(0);
  const said = [1000, 2000, 3000].map((nowMs) => pulse.look(nowMs, undefined));
  expect(said).toEqual([undefined, undefined, "silence"]);
});
