import { expect, it } from "vitest";
import { CrashLimit } from "./crash-limit.js";

it("starts at once after the first crash, later each time after the next ones, and stops", () => {
  const limit = new CrashLimit();
  expect([1, 2, 3, 4, 5].map((seconds) => limit.crashed(seconds * 1000))).toEqual([
    0,
    100,
    200,
    400,
    undefined,
  ]);
});

it("forgets crashes that are older than the window", () => {
  const limit = new CrashLimit(2, 1000);
  expect(limit.crashed(0)).toBe(0);
  expect(limit.crashed(1000)).toBe(0);
  expect(limit.crashed(1999)).toBeUndefined();
});
