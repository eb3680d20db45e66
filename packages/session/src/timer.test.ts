import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { startTimer } from "./timer.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it("waits as long as it is told, beyond what setTimeout can", () => {
  const action = vi.fn();
  startTimer(2 ** 31 + 500, action);
  vi.advanceTimersByTime(2 ** 31 + 499);
  expect(action).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(action).toHaveBeenCalledOnce();
});

it("can be called off, also after its first stretch", () => {
  const action = vi.fn();
  const stop = startTimer(2 ** 32, action);
  vi.advanceTimersByTime(2 ** 31);
  stop();
  vi.advanceTimersByTime(2 ** 33);
  expect(action).not.toHaveBeenCalled();
});
