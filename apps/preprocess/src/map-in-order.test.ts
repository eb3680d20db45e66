import { describe, expect, it } from "vitest";
import { mapInOrder } from "./map-in-order.js";

async function collect<T>(results: AsyncIterable<T>, into: T[] = []): Promise<T[]> {
  for await (const result of results) into.push(result);
  return into;
}

describe("mapInOrder", () => {
  it("gives the results in the order of the items, whichever is ready first", async () => {
    const jobs = ["a", "b", "c", "d"].map((name) => ({ name, ...Promise.withResolvers<void>() }));
    const results = collect(
      mapInOrder(jobs, 4, async ({ name, promise }, position) => {
        await promise;
        return `${name}${position}`;
      }),
    );
    for (const { resolve } of jobs.toReversed()) {
      resolve();
      await new Promise(setImmediate);
    }
    expect(await results).toEqual(["a0", "b1", "c2", "d3"]);
  });

  it("has no more than the limit under way, and makes an item only when its turn comes", async () => {
    let made = 0;
    let underWay = 0;
    let most = 0;
    function* items() {
      while (made < 9) yield ++made;
    }
    const results = mapInOrder(items(), 3, async (item) => {
      most = Math.max(most, ++underWay);
      await new Promise(setImmediate);
      underWay--;
      return item;
    });
    expect(await results.next()).toEqual({ done: false, value: 1 });
    expect(made).toBe(4); // the fourth waits for the first's place
    expect(await collect(results)).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
    expect(most).toBe(3);
  });

  it("fails where the first one that failed would have been", async () => {
    const seen: number[] = [];
    const results = mapInOrder([1, 2, 3], 3, async (item) => {
      if (item > 1) throw new Error(`no ${item}`);
      await new Promise(setImmediate);
      return item;
    });
    await expect(collect(results, seen)).rejects.toThrow("no 2");
    expect(seen).toEqual([1]);
  });
});
