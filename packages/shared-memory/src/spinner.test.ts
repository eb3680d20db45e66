import { afterEach, describe, expect, it } from "vitest";
import { Spinner } from "./spinner.js";
import { missing, startWorker, type TestWorker, ways } from "./worker.fixture.js";

describe("the spinner", () => {
  it("asks everything that expects an answer before it blocks, and gives up after 100 µs", async () => {
    const spinner = new Spinner();
    const rested: string[] = [];
    const looks = { a: 0, b: 0 };
    const started = performance.now();
    const done = new Promise<void>((resolve) => {
      for (const name of ["a", "b"] as const) {
        spinner.add({
          look: () => {
            looks[name]++;
            return false;
          },
          deliver: () => {},
          rest: () => {
            rested.push(name);
            if (rested.length === 2) resolve();
          },
        });
      }
    });
    expect(looks).toEqual({ a: 0, b: 0 }); // not inside of the call
    await done;
    expect(performance.now() - started).toBeGreaterThanOrEqual(0.2);
    expect(looks.a).toBeGreaterThan(0);
    expect(Math.abs(looks.a - looks.b)).toBeLessThanOrEqual(1);
  });

  it("looks once more when it has given way for longer than it may spin", async () => {
    const spinner = new Spinner();
    let isThere = false;
    spinner.yields = () => {
      for (const until = performance.now() + 1; performance.now() < until; );
      isThere = true;
    };
    const ended = await new Promise((resolve) => {
      spinner.add({
        look: () => isThere,
        deliver: () => resolve("delivered"),
        rest: () => resolve("in vain"),
      });
    });
    expect(ended).toBe("delivered");
  });

  it("lets the event loop turn every half a millisecond, however fast the answers are", async () => {
    const spinner = new Spinner();
    const started = performance.now();
    let longest = 0;
    let last = started;
    const timer = setInterval(() => {
      const now = performance.now();
      longest = Math.max(longest, now - last);
      last = now;
    }, 1);
    let answers = 0;
    while (performance.now() - started < 300) {
      await new Promise<void>((resolve) => {
        spinner.add({ look: () => true, deliver: resolve, rest: () => {} });
      });
      answers++;
    }
    clearInterval(timer);
    expect(answers).toBeGreaterThan(1000);
    expect(longest).toBeLessThan(150); // without turns: the whole 300
  });
});

describe.each(Object.entries(ways))("continuous calls, %s", (_, way) => {
  let worker: TestWorker | undefined;
  afterEach(() => worker?.close());

  it.skipIf(missing(way))("leave timers alone", async () => {
    worker = await startWorker(way);
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    const started = performance.now();
    while (performance.now() - started < 500) await worker.call({ do: "echo" });
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(50); // a busy machine; without turns it is 0
  });
});
