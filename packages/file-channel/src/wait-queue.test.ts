import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { WaitQueue } from "./wait-queue.js";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance", "Date"] });
});
afterEach(() => {
  vi.useRealTimers();
});

const forever = { timeoutMs: undefined };

describe("the poll underneath", () => {
  it("looks after 32 ms and ever more rarely, by one timer for all waits", async () => {
    const waits = new WaitQueue(() => {});
    const times: number[] = [];
    const start = performance.now();
    const wait = waits.waitFor(() => void times.push(performance.now() - start), forever);
    const other = waits.waitFor(() => undefined, forever);
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(20_000);
    const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    expect(gaps.slice(0, 8)).toEqual(new Array(8).fill(32));
    expect(gaps.slice(8, 16)).toEqual(new Array(8).fill(64));
    expect(gaps.slice(40, 50)).toEqual(new Array(10).fill(1024));
    waits.close();
    await expect(Promise.allSettled([wait, other])).resolves.toHaveLength(2);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("is quick again after a hit of the channel and after a new wait", async () => {
    const waits = new WaitQueue(() => {});
    let looks = 0;
    const wait = waits.waitFor(() => {
      looks += 1;
      return undefined;
    }, forever);
    const looksIn = (milliseconds: number) => {
      const before = looks;
      vi.advanceTimersByTime(milliseconds);
      return looks - before;
    };
    vi.advanceTimersByTime(20_000);
    expect(looksIn(1024)).toBe(1);
    waits.hit();
    expect(looksIn(256)).toBe(8);
    vi.advanceTimersByTime(20_000);
    const second = waits.waitFor(() => undefined, forever);
    expect(looksIn(256)).toBe(8);
    waits.close();
    await Promise.allSettled([wait, second]);
  });

  it("ends a wait at its deadline, between two polls", async () => {
    const waits = new WaitQueue(() => {});
    vi.advanceTimersByTime(5);
    const wait = waits.waitFor(() => undefined, { timeoutMs: 40 });
    const ended = vi.fn();
    void wait.then(ended);
    await vi.advanceTimersByTimeAsync(39);
    expect(ended).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(ended).toHaveBeenCalledWith(undefined);
  });

  it("does not follow the wall clock", async () => {
    const waits = new WaitQueue(() => {});
    const wait = waits.waitFor(() => undefined, { timeoutMs: 1000 });
    const ended = vi.fn();
    void wait.then(ended);
    vi.setSystemTime(Date.now() + 86_400_000);
    await vi.advanceTimersByTimeAsync(900);
    expect(ended).not.toHaveBeenCalled();
    vi.setSystemTime(0);
    await vi.advanceTimersByTimeAsync(100);
    expect(ended).toHaveBeenCalled();
  });

  it("begins the notifications before it looks, so that nothing falls between", async () => {
    const order: string[] = [];
    const waits = new WaitQueue(() => void order.push("notifications"));
    await waits.waitFor(() => order.push("look"), forever);
    expect(order).toEqual(["notifications", "look"]);
  });

  it("ends notifications that nobody has waited for, and begins them again with the next wait", async () => {
    const order: string[] = [];
    const waits = new WaitQueue(
      () => void order.push("on"),
      () => void order.push("off"),
    );
    const ended = waits.waitFor(() => undefined, { timeoutMs: 10 });
    waits.hint(); // somebody waits
    await vi.advanceTimersByTimeAsync(10);
    await ended;
    waits.hint(); // the next wait may follow at once
    await vi.advanceTimersByTimeAsync(1000);
    expect(order).toEqual(["on"]);
    waits.hint();
    expect(order).toEqual(["on", "off"]);
    await waits.waitFor(() => true, forever);
    expect(order).toEqual(["on", "off", "on"]);
  });
});
