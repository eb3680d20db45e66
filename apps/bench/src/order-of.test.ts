import { expect, it } from "vitest";
import { orderOf } from "./order-of.js";

it.each([2, 3, 9, 12, 13])("gives each of %i its turn, after another one each time", (count) => {
  const before = new Map<number, Set<number | undefined>>();
  const rounds = Math.min(count, 6);
  for (let round = 0; round < rounds; round++) {
    const order = orderOf(count, round);
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i));
    for (const [at, who] of order.entries()) {
      before.set(who, (before.get(who) ?? new Set()).add(order[at - 1]));
    }
  }
  for (const [who, seen] of before) expect(seen.size, `before ${who}`).toBeGreaterThan(rounds - 2);
});
