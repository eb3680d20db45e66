import { expect, it } from "vitest";
import { type Goal, goals } from "./goals.js";
import { judge } from "./judge.js";
import { kinds } from "./kinds.js";
import type { PeerInfo, WorkResults } from "./results.js";
import { works } from "./works.js";

const peers: PeerInfo[] = [
  { name: "ours", title: "", group: "session", versions: {} },
  { name: "a", title: "", group: "peer", versions: {} },
  { name: "b", title: "", group: "peer", versions: {} },
  { name: "limit", title: "", group: "reference", versions: {} },
];
const done: WorkResults = {
  name: "w",
  title: "",
  metrics: [
    { key: "ms", title: "", unit: "ms", better: "lower" },
    { key: "p99", title: "", unit: "ms", better: "lower" },
    { key: "rate", title: "", unit: "1/s", better: "higher" },
  ],
  results: [
    { peer: "ours", figures: { ms: 1, p99: 6, rate: 30 } },
    { peer: "a", figures: { ms: 4, p99: 5, rate: 10 } },
    { peer: "b", figures: { ms: 2, p99: 8, rate: 20 } },
    { peer: "limit", figures: { ms: 0.5, p99: 0.5, rate: 99 } },
  ],
};
const goal = (change: Partial<Goal>): Goal => {
  return { title: "", work: "w", row: "ours", metric: "ms", limit: 1, ...change };
};

it.each<[string, Partial<Goal>, number | undefined, boolean | undefined]>([
  ["the best peer", { against: "best-peer", limit: 0.5 }, 0.5, true],
  ["the best peer by another metric", { against: "best-peer", metric: "p99" }, 1.2, false],
  ["more is better", { against: "best-peer", metric: "rate", least: true }, 1.5, true],
  ["too little", { against: "best-peer", metric: "rate", least: true, limit: 2 }, 1.5, false],
  ["a row", { against: { row: "limit" } }, 2, false],
  ["itself", { limit: 1 }, 1, true],
  ["a row that is not there", { against: { row: "c" } }, undefined, undefined],
  ["not done", { work: "x" }, undefined, undefined],
])("holds a figure against %s", (_, change, reached, met) => {
  const [judged] = judge([goal(change)], [done], peers);
  expect([judged?.reached, judged?.met]).toEqual([reached, met]);
});

it("every goal is about a work, a metric and rows that there are", () => {
  for (const { title, work: wanted, row, metric, against } of goals) {
    const work = works.find(({ name }) => name === wanted);
    expect(
      work?.metrics.map(({ key }) => key),
      title,
    ).toContain(metric);
    const rows = [row, ...(typeof against === "object" ? [against.row] : [])];
    for (const name of rows) {
      const kind = kinds.find((each) => each.name === name);
      expect(kind, title).toBeDefined();
    }
  }
  expect(new Set(goals.map(({ title }) => title)).size).toBe(goals.length);
});
