import { expect, it } from "vitest";
import { compare, summarize } from "./results.js";
import type { Metric } from "./work.js";

const lower: Metric[] = [{ key: "ms", title: "ms", unit: "ms", better: "lower" }];
const higher: Metric[] = [{ key: "ms", title: "rate", unit: "1/s", better: "higher" }];

it("takes the median over rounds and adds up histograms", () => {
  const rounds = [9, 1, 2].map((ms) => ({ figures: { ms }, histogram: [1, ms] }));
  expect(summarize("a", lower, rounds)).toEqual({
    peer: "a",
    figures: { ms: 2 },
    rounds: [{ ms: 9 }, { ms: 1 }, { ms: 2 }],
    histogram: [3, 12],
  });
});

it("compares with the best peer, which is neither ours nor a reference nor one that failed", () => {
  const results = [
    { peer: "ours", figures: { ms: 1 } },
    { peer: "b", figures: { ms: 4 } },
    { peer: "c", figures: { ms: 2 } },
    { peer: "d", failed: "it did" },
  ];
  const isPeer = (name: string) => name !== "ours";
  const ratios = (metrics: Metric[]) =>
    compare(results, metrics, isPeer).map(({ toBest }) => toBest);
  expect(ratios(lower)).toEqual([0.5, 2, 1, undefined]);
  expect(ratios(higher)).toEqual([0.25, 1, 0.5, undefined]);
  expect(compare(results, lower, () => false)[0]).not.toHaveProperty("toBest");
});
