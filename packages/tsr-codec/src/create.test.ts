import { describe, expect, expectTypeOf, it } from "vitest";
import { arange, full, ones, reshape, scalar, zeros } from "./create.js";
import type { Dtype } from "./dtype.js";
import type { Tensor } from "./tensor.js";
import { tensor } from "./tensor.js";

const refused = expect.objectContaining({ code: "TSR_INVALID_ARGUMENT" });

describe("full, zeros, ones and scalar", () => {
  it("make float32 unless told otherwise, in the types as well", () => {
    const made = full([4, 3], 1.5);
    expect(made).toEqual({ dtype: "float32", shape: [4, 3], data: new Float32Array(12).fill(1.5) });
    expectTypeOf(made).toEqualTypeOf<Tensor<"float32">>();
    expectTypeOf(zeros([1], "int64")).toEqualTypeOf<Tensor<"int64">>();
    expect(zeros([2, 0]).data).toEqual(new Float32Array(0));
    expect(ones([2], "int64").data).toEqual(new BigInt64Array([1n, 1n]));
    expect(scalar(-0).data).toEqual(new Float32Array([-0]));
    expect(scalar(7, "uint8")).toEqual({ dtype: "uint8", shape: [], data: new Uint8Array([7]) });
  });

  it("take 16-bit floats by value, bool as booleans, 64-bit integers as numbers or bigints", () => {
    expect(full([1], 1.5, "bfloat16").data).toEqual(new Uint16Array([0x3fc0]));
    expect(full([1], 1.5, "float16").data).toEqual(new Uint16Array([0x3e00]));
    expect(full([2], true, "bool").data).toEqual(new Uint8Array([1, 1]));
    expect(scalar(2n ** 64n - 1n, "uint64").data[0]).toBe(2n ** 64n - 1n);
    expect(scalar(-5, "int64").data[0]).toBe(-5n);
  });

  it.each<[number | bigint, Dtype]>([
    [128, "int8"],
    [-129, "int8"],
    [256, "uint8"],
    [-1, "uint32"],
    [1.5, "int32"],
    [Number.NaN, "int16"],
    [2, "bool"],
    [2 ** 53, "int64"],
    [2n ** 63n, "int64"],
    [-1n, "uint64"],
  ])("refuse %s for %s instead of wrapping it round", (value, dtype) => {
    expect(() => full([1], value, dtype)).toThrow(refused);
  });

  it("refuse a shape that is none", () => {
    for (const shape of [[-1], [0.5], Array(33).fill(1), [2 ** 60]]) {
      expect(() => zeros(shape)).toThrow(refused);
    }
    expect(() => full([1], "1" as unknown as number)).toThrow(refused);
    expect(() => zeros([1], "complex64" as Dtype)).toThrow(refused);
  });
});

describe("arange", () => {
  it("counts up to but without the end", () => {
    expect([...arange(3).data]).toEqual([0, 1, 2]);
    expect([...arange(1, 2, 0.25).data]).toEqual([1, 1.25, 1.5, 1.75]);
    expect([...arange(3, 0, -2, "int64").data]).toEqual([3n, 1n]);
    expect(arange(3, 0).shape).toEqual([0]);
  });

  it("refuses a step of 0, an endless range and what the dtype does not hold", () => {
    expect(() => arange(0, 1, 0)).toThrow(refused);
    expect(() => arange(Number.POSITIVE_INFINITY)).toThrow(refused);
    expect(() => arange(0, 200, 1, "int8")).toThrow(refused);
  });
});

describe("reshape", () => {
  const six = tensor(new Int16Array([1, 2, 3, 4, 5, 6]), [6]);

  it("gives the same data another shape", () => {
    const made = reshape(six, [2, 3]);
    expect(made.shape).toEqual([2, 3]);
    expect(made.data).toBe(six.data);
    expectTypeOf(made).toEqualTypeOf<Tensor<"int16">>();
    expect(reshape(zeros([0, 4]), [2, 0]).shape).toEqual([2, 0]);
    expect(reshape(scalar(1), [1, 1]).shape).toEqual([1, 1]);
  });

  it.each([[[4]], [[]], [[0]], [[-1]], [[-2, -3]]])("refuses %j", (shape) => {
    expect(() => reshape(six, shape)).toThrow(refused);
  });
});
