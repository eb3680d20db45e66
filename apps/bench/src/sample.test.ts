import { expect, it } from "vitest";
import { takeSample } from "./sample.js";

it("counts so many calls, after some that are not counted", async () => {
  const seen: number[] = [];
  const times = await takeSample({ calls: 20, ms: 60_000 }, async (call) => {
    seen.push(call);
    return call;
  });
  expect(times).toEqual(Array.from({ length: 20 }, (_, i) => i + 2));
  expect(seen).toHaveLength(22);
});

it("counts the first call too where one takes more than a tenth of the time", async () => {
  const slow = async (call: number) => {
    await new Promise((resolve) => setTimeout(resolve, 30));
    return call;
  };
  expect(await takeSample({ calls: 20, ms: 20 }, slow)).toEqual([0, 1]);
  expect(await takeSample({ calls: 1, ms: 20 }, slow)).toEqual([0]);
});
