import { expect, it } from "vitest";
import { median, quantile } from "./quantile.js";

it("takes the value below which the share lies", () => {
  expect(median([5, 1, 3, 2, 4])).toBe(3);
  expect(quantile([1, 2, 3, 4], 0.99)).toBe(4);
  expect(quantile([], 0.5)).toBeNaN();
});
