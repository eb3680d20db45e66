import { describe, expect, it } from "vitest";
import { scalar, zeros } from "./create.js";
import { fromNested, toNested } from "./nested.js";
import { tensor } from "./tensor.js";

describe("fromNested and toNested", () => {
  it.each([
    [
      [
        [1.5, 2],
        [3, 4],
      ],
      "float32",
    ],
    [[[[1]], [[2]]], "int8"],
    [[1n, -2n], "int64"],
    [[true, false], "bool"],
    [[0.5, -2], "bfloat16"],
    [[0.5, -2], "float16"],
    [7, "uint16"],
    [[], "float64"],
    [[[], []], "float64"],
  ] as const)("%s as %s is the same again", (nested, dtype) => {
    expect(toNested(fromNested(nested, dtype))).toEqual(nested);
  });

  it("work out the shape", () => {
    expect(
      fromNested([
        [1, 2, 3],
        [4, 5, 6],
      ]),
    ).toEqual(tensor(new Float32Array([1, 2, 3, 4, 5, 6]), [2, 3]));
    expect(fromNested(5).shape).toEqual([]);
    expect(fromNested([[], []]).shape).toEqual([2, 0]);
    expect(toNested(zeros([2, 0, 3]))).toEqual([[], []]);
    expect(toNested(scalar(5))).toBe(5);
  });

  it.each([
    [[[1, 2], [3]], "nested[1]: expected an array of 2 elements, found 1"],
    [[[1, 2], 3], "nested[1]: expected an array of 2 elements, found number"],
    [[1, [2]], "nested[1]: expected a number, bigint or boolean, found object"],
    [[[1], ["2" as unknown as number]], "nested[1][0]: expected a number, bigint or boolean"],
  ])("refuse %j and say where", (nested, message) => {
    expect(() => fromNested(nested)).toThrow(message);
  });

  it("refuse an array with holes", () => {
    expect(() => fromNested([1, ...Array<number>(1), 2])).toThrow("nested[1]");
    const sparse = [1, 2, 3];
    delete sparse[1];
    expect(() => fromNested(sparse)).toThrow("nested[1]");
  });

  it("refuse an array that contains itself", () => {
    const loop: never[] = [];
    loop.push(loop as never);
    expect(() => fromNested(loop)).toThrow("at most 32 dimensions");
  });
});
