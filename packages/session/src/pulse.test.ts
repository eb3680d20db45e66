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
  expect(pulse.plan(true)).toBe(1000);
  pulse.look(2000, { seq: 4, ageMs: 0 });
  pulse.look(3000, { seq: 4, ageMs: 0 });
  expect(pulse.plan(true)).toBe(300);
  expect(pulse.look(3300, undefined)).toBe("silence");
  expect(pulse.plan(true)).toBe(1000);
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

it("is looked at less often while nobody listens, and says as early that it is silent", () => {
  const pulse = new Pulse(0);
  const looks: unknown[] = [];
  const beats = [0, 1, 2, 3, 4]; // at every full second, and the last of them at 4000
  for (let nowMs = 300; nowMs < 9000; nowMs += pulse.plan(false)) {
    const seq = Math.min(Math.floor(nowMs / 1000), beats.length - 1);
    looks.push([nowMs, pulse.look(nowMs, { seq, ageMs: nowMs - 1000 * seq })]);
  }
  expect(looks).toEqual([
    ...[
      [300, "beat"],
      [2500, "beat"],
      [4500, "beat"],
    ], // 2.5 s after the last beat that is known
    ...[
      [6500, undefined],
      [7000, "silence"],
      [8000, undefined],
    ],
  ]);
});

it("leaves who was stopped together with this program half a beat to say that it is back", () => {
  const pulse = new Pulse(0);
  pulse.look(0, { seq: 0, ageMs: 0 });
  const nowMs = pulse.plan(false) + 400; // both stopped meanwhile, and this look comes first
  expect(pulse.look(nowMs, { seq: 0, ageMs: nowMs })).toBeUndefined();
  expect(pulse.look(nowMs + pulse.plan(false), { seq: 1, ageMs: 0 })).toBe("beat");
});

it("is silent when no beat ever came", () => {
  const pulse = new Pulse(0);
  const said = [1000, 2000, 3000].map((nowMs) => pulse.look(nowMs, undefined));
  expect(said).toEqual([undefined, undefined, "silence"]);
});
