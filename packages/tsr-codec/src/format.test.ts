import { describe, expect, it } from "vitest";
import { arange, full, reshape, scalar, zeros } from "./create.js";
import { format } from "./format.js";
import { fromNested } from "./nested.js";

// The expected texts are numpy 2.4's, with … for its three dots.
describe("format", () => {
  it.each([
    [[1, 2.5, -3], "float32", "[ 1.   2.5 -3. ]"],
    [[1, Number.NaN, Number.NEGATIVE_INFINITY], "float32", "[  1.  nan -inf]"],
    [[0, Number.POSITIVE_INFINITY], "float64", "[ 0. inf]"],
    [[1.5, 123.25, Number.NaN], "float64", "[  1.5  123.25    nan]"],
    [[1e-5, 1, 2], "float64", "[1.e-05 1.e+00 2.e+00]"],
    [[0.1, 0.25, 1 / 3], "float32", "[0.1        0.25       0.33333334]"],
    [[1e10, 1.5], "float32", "[1.0e+10 1.5e+00]"],
    [[1000.5, 1], "float64", "[1.0005e+03 1.0000e+00]"],
    [[1 / 3, 1e-5], "float64", "[3.33333333e-01 1.00000000e-05]"],
    [
      [1e-5, Number.NaN, Number.POSITIVE_INFINITY, -1],
      "float64",
      "[ 1.e-05     nan     inf -1.e+00]",
    ],
    [[1e100, 1e-100], "float64", "[1.e+100 1.e-100]"],
    [[1 / 3, 0.1], "float16", "[0.3333 0.1   ]"],
    [[0.1, 3], "bfloat16", "[0.1 3. ]"],
    [[1, -20, 3], "int8", "[  1 -20   3]"],
    [[2n ** 63n, 1n], "uint64", "[9223372036854775808                   1]"],
    [[true, false], "bool", "[ true false]"],
  ] as const)("%s as %s", (nested, dtype, text) => {
    expect(format(fromNested(nested, dtype))).toBe(text);
  });

  it("lines rows up below each other, with an empty line between matrices", () => {
    expect(format(reshape(arange(0, 24, 1, "int32"), [2, 3, 4]))).toBe(
      "[[[ 0  1  2  3]\n  [ 4  5  6  7]\n  [ 8  9 10 11]]\n\n" +
        " [[12 13 14 15]\n  [16 17 18 19]\n  [20 21 22 23]]]",
    );
  });

  it("wraps long lines", () => {
    expect(format(arange(40))).toBe(
      "[ 0.  1.  2.  3.  4.  5.  6.  7.  8.  9. 10. 11. 12. 13. 14. 15. 16. 17.\n" +
        " 18. 19. 20. 21. 22. 23. 24. 25. 26. 27. 28. 29. 30. 31. 32. 33. 34. 35.\n" +
        " 36. 37. 38. 39.]",
    );
  });

  it("shows only the edges of more than 1,000 elements", () => {
    expect(format(reshape(arange(0, 2000, 1, "int32"), [2, 1000]))).toBe(
      "[[   0    1    2 …  997  998  999]\n [1000 1001 1002 … 1997 1998 1999]]",
    );
    expect(format(full([1, 1001, 1], 5, "int8"))).toBe(
      "[[[5]\n  [5]\n  [5]\n  …\n  [5]\n  [5]\n  [5]]]",
    );
    expect(format(full([1000], 1)).includes("…")).toBe(false);
  });

  it("shows a scalar without brackets, and no elements as an empty pair", () => {
    expect(format(scalar(3.5))).toBe("3.5");
    expect(format(scalar(0.1))).toBe("0.1");
    expect(format(scalar(2n, "int64"))).toBe("2");
    expect(format(zeros([2, 0, 3]))).toBe("[]");
  });
});
