import { expect, it } from "vitest";
import { pollIntervalMs } from "./poll-interval.js";

it("is 32 ms, doubled after every 8 empty looks, up to 1,024", () => {
  const intervals = Array.from({ length: 60 }, (_, misses) => pollIntervalMs(misses));
  for (const [step, interval] of [32, 64, 128, 256, 512, 1024, 1024].entries()) {
    const same = intervals.slice(step * 8, step * 8 + 8);
    expect(new Set(same)).toEqual(new Set([interval]));
  }
  expect(pollIntervalMs(1e9)).toBe(1024);
});
