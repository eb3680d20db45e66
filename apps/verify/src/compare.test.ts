import { scalar, tensor, zeros } from "@tr/tsr-codec";
import { describe, expect, it } from "vitest";
import { compare } from "./compare.js";

const list = (...values: number[]) => tensor(new Float32Array(values), [values.length]);
const tolerance = { atol: 0.25, rtol: 0.5, because: "of the test" };

describe("compare", () => {
  it("gives the largest absolute and the largest relative error, each of its own element", () => {
    expect(compare(list(10, 1.25), list(8, 1), tolerance)).toEqual({
      absolute: 2,
      relative: 0.25,
      isRight: true,
    });
  });

  it("allows atol + rtol · |expected| and not more", () => {
    expect(compare(list(-5.75), list(-4), tolerance)).toMatchObject({ isRight: true });
    expect(compare(list(-6.25), list(-4), tolerance)).toMatchObject({ isRight: true });
    expect(compare(list(-6.5), list(-4), tolerance)).toMatchObject({ isRight: false });
  });

  it("leaves an expected 0 out of the relative error", () => {
    expect(compare(list(0.25), list(0), tolerance)).toMatchObject({ relative: 0, isRight: true });
  });

  it("takes a NaN and an infinity as right only where they are expected", () => {
    const special = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1];
    for (const got of special) {
      for (const want of special) {
        const { isRight } = compare(list(got), list(want), tolerance);
        expect([got, want, isRight]).toEqual([got, want, Object.is(got, want)]);
      }
    }
  });

  it("refuses another shape and another dtype", () => {
    expect(compare(zeros([2, 3]), zeros([3, 2]), tolerance)).toMatchObject({
      isRight: false,
      fault: "float32 [2,3] instead of float32 [3,2]",
    });
    expect(compare(scalar(0, "float64"), scalar(0), tolerance)).toMatchObject({ isRight: false });
  });
});
