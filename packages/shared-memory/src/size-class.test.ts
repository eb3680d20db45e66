import fc from "fast-check";
import { expect, it } from "vitest";
import { sizeClass } from "./size-class.js";

it("a segment is at most a quarter larger than what it was made for, in whole pages", () => {
  fc.assert(
    fc.property(fc.integer({ min: 65_537, max: 2 ** 40 }), (bytes) => {
      const size = sizeClass(bytes);
      expect(size).toBeGreaterThanOrEqual(bytes);
      expect(size).toBeLessThanOrEqual(bytes * 1.25);
      expect(size % 4096).toBe(0);
      expect(sizeClass(size)).toBe(size);
    }),
  );
  expect([0, 1, 65_536].map(sizeClass)).toEqual([65_536, 65_536, 65_536]);
});
