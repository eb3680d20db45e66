import { describe, expect, it } from "vitest";
import { allClose, equal } from "./compare.js";
import { full, reshape } from "./create.js";
import { fromNested } from "./nested.js";

describe("equal", () => {
  it("wants the same dtype, shape and values", () => {
    const a = fromNested([1, 2, 3, 4]);
    expect(equal(a, fromNested([1, 2, 3, 4]))).toBe(true);
    expect(equal(a, fromNested([1, 2, 3, 5]))).toBe(false);
    expect(equal(a, fromNested([1, 2, 3, 4], "float64"))).toBe(false);
    expect(equal(a, reshape(a, [2, 2]))).toBe(false);
    expect(equal(full([2], 2n, "int64"), full([2], 2n, "int64"))).toBe(true);
  });

  it("compares values and not bits, of 16-bit floats too", () => {
    for (const dtype of ["float32", "float16", "bfloat16"] as const) {
      expect(equal(fromNested([0], dtype), fromNested([-0], dtype))).toBe(true);
      expect(equal(fromNested([Number.NaN], dtype), fromNested([Number.NaN], dtype))).toBe(false);
    }
  });
});

describe("allClose", () => {
  const one = fromNested([1]);

  it("allows atol and rtol times the second value", () => {
    expect(allClose(fromNested([1.000009]), one)).toBe(true);
    expect(allClose(fromNested([1.00002]), one)).toBe(false);
    expect(allClose(fromNested([1.5]), one, { atol: 0.5 })).toBe(true);
    expect(allClose(fromNested([1.5]), one, { rtol: 0.4 })).toBe(false);
    expect(allClose(one, fromNested([1.5]), { rtol: 0.4 })).toBe(true);
  });

  it("compares across dtypes, but not across shapes", () => {
    expect(allClose(fromNested([1.001], "float64"), full([1], 1, "bfloat16"), { rtol: 0.01 })).toBe(
      true,
    );
    expect(allClose(fromNested([1n], "int64"), one)).toBe(true);
    expect(allClose(one, fromNested([[1]]))).toBe(false);
  });

  it("finds an infinity close to itself alone and NaN to nothing", () => {
    const infinite = fromNested([Number.POSITIVE_INFINITY]);
    expect(allClose(infinite, infinite)).toBe(true);
    expect(allClose(one, infinite)).toBe(false);
    expect(allClose(infinite, fromNested([Number.NEGATIVE_INFINITY]))).toBe(false);
    expect(allClose(fromNested([Number.NaN]), fromNested([Number.NaN]))).toBe(false);
  });

  it("refuses a negative tolerance", () => {
    expect(() => allClose(one, one, { rtol: -1 })).toThrow("found -1, 1e-8");
    expect(() => allClose(one, one, { atol: Number.NaN })).toThrow("found 0.00001, NaN");
  });
});
