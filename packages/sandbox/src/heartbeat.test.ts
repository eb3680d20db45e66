import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Heartbeat } from "./heartbeat.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("beats until there is nothing to keep, and again when it is begun anew", async () => {
  const answers = [true, true, false];
  const beat = vi.fn(async () => answers.shift() ?? true);
  const heartbeat = new Heartbeat(100, beat);
  heartbeat.begin();
  heartbeat.begin();
  await vi.advanceTimersByTimeAsync(1000);
  expect(beat).toHaveBeenCalledTimes(3);
  heartbeat.begin();
  await vi.advanceTimersByTimeAsync(250);
  expect(beat).toHaveBeenCalledTimes(5);
  heartbeat.end();
  await vi.advanceTimersByTimeAsync(1000);
  expect(beat).toHaveBeenCalledTimes(5);
});

it("goes on after a beat that failed", async () => {
  const beat = vi.fn(() => Promise.reject(new Error("no server")));
  new Heartbeat(100, beat).begin();
  await vi.advanceTimersByTimeAsync(350);
  expect(beat).toHaveBeenCalledTimes(3);
});

it("does not beat while a beat is under way, nor after one that ended after the end", async () => {
  const pending = Promise.withResolvers<boolean>();
  const beat = vi.fn(() => pending.promise);
  const heartbeat = new Heartbeat(100, beat);
  heartbeat.begin();
  await vi.advanceTimersByTimeAsync(500);
  expect(beat).toHaveBeenCalledTimes(1);
  heartbeat.end();
  pending.resolve(true);
  await vi.advanceTimersByTimeAsync(500);
  expect(beat).toHaveBeenCalledTimes(1);
});

it("is none where it is turned off", async () => {
  const beat = vi.fn(async () => true);
  new Heartbeat(false, beat).begin();
  await vi.advanceTimersByTimeAsync(500);
  expect(beat).not.toHaveBeenCalled();
});
