import { expect, it } from "vitest";
import { History } from "./history.js";

it("counts what has ended by steps of five seconds, for five minutes", () => {
  const history = new History();
  history.add(9000, false, 1_000_000);
  history.add(500, false, 1_300_000);
  history.add(1500, true, 1_304_999);
  history.add(100, false, 1_307_000);
  history.add(300, false, 1_306_000);
  history.add(200, false, 1_299_000); // a clock that was put back
  const points = history.points(1_309_000);
  expect(points).toHaveLength(60);
  expect(points[0]).toEqual({
    ...{ time: 1010, ended: 0, failed: 0, totalSeconds: 0, longestSeconds: 0 },
  });
  expect(points.slice(-2)).toEqual([
    { time: 1300, ended: 2, failed: 1, totalSeconds: 2, longestSeconds: 1.5 },
    { time: 1305, ended: 3, failed: 0, totalSeconds: expect.closeTo(0.6), longestSeconds: 0.3 },
  ]);
});

it("keeps no more however long it goes on", () => {
  const history = new History();
  for (let second = 0; second < 3600; second++) history.add(1, false, second * 1000);
  const ended = history.points(3_599_000).map((point) => point.ended);
  expect(ended).toEqual(Array(60).fill(5));
});
