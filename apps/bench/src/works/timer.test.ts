import { expect, it } from "vitest";
import { buckets, histogramOf } from "./timer.js";

it("counts every gap once, in the first bucket that is wide enough", () => {
  const counts = histogramOf([1.1, 1.25, 1.3, 1000, 1001]);
  expect(counts).toHaveLength(buckets.length + 1);
  expect([counts[0], counts[1], counts.at(-2), counts.at(-1)]).toEqual([2, 1, 1, 1]);
});
