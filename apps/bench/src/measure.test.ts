import { expect, it } from "vitest";
import { measure, quantile } from "./measure.js";
import type { Peer } from "./peer.js";

it("takes the value below which the share lies", () => {
  expect(quantile([5, 1, 3, 2, 4], 0.5)).toBe(3);
  expect(quantile([1, 2, 3, 4], 0.99)).toBe(4);
  expect(quantile([], 0.5)).toBeNaN();
});

it("lets the peers take turns round by round, after one round that does not count", async () => {
  const order: string[] = [];
  const peer = (name: string) => ({ name }) as Peer;
  const [a, b] = [peer("a"), peer("b")];
  const work = {
    name: "work",
    callsPerRound: 2,
    run: async ({ name }: Peer) => {
      order.push(name);
    },
  };
  const table = await measure([a, b], [work], 2);
  expect(order.join("")).toBe("aabb".repeat(3));
  expect(table.get(work)?.get(b)).toBeGreaterThanOrEqual(0);
});
