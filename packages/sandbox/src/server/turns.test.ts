import { expect, it } from "vitest";
import { settle } from "../../test/virtual-clock.js";
import { Turns } from "./turns.js";

it("lets so many work at once, and the others in the order they came, also after one that fails", async () => {
  const turns = new Turns(2);
  const begun: number[] = [];
  const ends: PromiseWithResolvers<void>[] = [];
  const works = [0, 1, 2, 3, 4].map((number) =>
    turns.take(() => {
      begun.push(number);
      const end = Promise.withResolvers<void>();
      ends[number] = end;
      return end.promise.then(() => number);
    }),
  );
  await settle();
  expect(begun).toEqual([0, 1]);
  ends[1]?.reject(new Error("no"));
  await expect(works[1]).rejects.toThrow("no");
  await settle();
  expect(begun).toEqual([0, 1, 2]);
  ends[0]?.resolve();
  ends[2]?.resolve();
  await settle();
  expect(begun).toEqual([0, 1, 2, 3, 4]);
  ends[3]?.resolve();
  ends[4]?.resolve();
  expect(await Promise.all([works[0], works[2], works[3], works[4]])).toEqual([0, 2, 3, 4]);
});
