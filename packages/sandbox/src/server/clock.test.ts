import { afterEach, expect, it, vi } from "vitest";
import { settlesWithin, systemClock } from "./clock.js";

afterEach(() => {
  vi.useRealTimers();
});

it("does not take a delay that no timer can hold for none", () => {
  vi.useFakeTimers();
  let rings = 0;
  systemClock.setTimeout(() => rings++, 2 ** 40);
  vi.advanceTimersByTime(1000);
  expect(rings).toBe(0);
});

it("waits for a promise no longer than it is told, and leaves no timer", async () => {
  vi.useFakeTimers();
  expect(await settlesWithin(systemClock, Promise.reject(new Error("no")), 1000)).toBe(true);
  expect(vi.getTimerCount()).toBe(0);
  const never = settlesWithin(systemClock, new Promise(() => {}), 1000);
  vi.advanceTimersByTime(1000);
  expect(await never).toBe(false);
});
