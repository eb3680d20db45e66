import { runInNewContext } from "node:vm";
import { describe, expect, expectTypeOf, it } from "vitest";
import { type Dtype, dtypes, elementSize, type TensorData } from "./dtype.js";
import { isTensor, type Tensor, tensor } from "./tensor.js";

const refused = expect.objectContaining({ code: "TSR_INVALID_ARGUMENT" });

describe("tensor", () => {
  it("takes the dtype from the typed array, in the types as well", () => {
    const made = tensor(new Int32Array([1, 2, 3]), [3]);
    expect(made).toEqual({ dtype: "int32", shape: [3], data: new Int32Array([1, 2, 3]) });
    expectTypeOf(made).toEqualTypeOf<Tensor<"int32">>();
    expectTypeOf(tensor(new Float32Array(2), [2])).toEqualTypeOf<Tensor<"float32">>();
    expectTypeOf(tensor(new BigInt64Array(2), [2])).toEqualTypeOf<Tensor<"int64">>();
    expectTypeOf(tensor(new Uint16Array(2), [2])).toEqualTypeOf<Tensor<"uint16">>();
    expectTypeOf(tensor(new Uint8Array(2), [2])).toEqualTypeOf<Tensor<"uint8">>();
  });

  it("takes a named dtype that the array can hold, and no other", () => {
    const made = tensor(new Uint16Array(4), [2, 2], "bfloat16");
    expect(made.dtype).toBe("bfloat16");
    expectTypeOf(made).toEqualTypeOf<Tensor<"bfloat16">>();
    expectTypeOf(tensor(new Uint8Array(1), [1], "bool")).toEqualTypeOf<Tensor<"bool">>();
    // @ts-expect-error a Float32Array holds no int32
    expect(() => tensor(new Float32Array(1), [1], "int32")).toThrow(refused);
    // @ts-expect-error no typed array
    expect(() => tensor([1, 2], [2])).toThrow("fromNested");
    // @ts-expect-error no dtype has clamped bytes
    expect(() => tensor(new Uint8ClampedArray(1), [1])).toThrow(refused);
    expect(() => tensor(new Float32Array(3), [2])).toThrow(refused);
  });

  it("copies the shape and not the data", () => {
    const shape = [2];
    const data = new Float32Array(2);
    const made = tensor(data, shape);
    shape[0] = 5;
    expect(made.shape).toEqual([2]);
    expect(made.data).toBe(data);
  });

  it("takes a Float16Array as float16 and keeps its memory", (context) => {
    if (globalThis.Float16Array === undefined) {
      return context.skip("this Node has no Float16Array");
    }
    const data = new Float16Array([1, 2]);
    const made = tensor(data, [2]);
    expectTypeOf(made).toEqualTypeOf<Tensor<"float16">>();
    expect(tensor(data, [2], "float16")).toEqual(made);
    expect(made).toEqual({ dtype: "float16", shape: [2], data: new Uint16Array([0x3c00, 0x4000]) });
    expect(made.data.buffer).toBe(data.buffer);
  });

  it("takes an array of another realm", () => {
    const foreign = runInNewContext("new Float32Array([1, 2])") as Float32Array;
    expect(foreign).not.toBeInstanceOf(Float32Array);
    expect(tensor(foreign, [2]).dtype).toBe("float32");
  });
});

describe("the types", () => {
  it("give each dtype its array", () => {
    expectTypeOf<Tensor<"int64">["data"]>().toEqualTypeOf<BigInt64Array>();
    expectTypeOf<Tensor<"float32">["data"]>().toEqualTypeOf<Float32Array>();
    expectTypeOf<Tensor<"bfloat16">["data"]>().toEqualTypeOf<Uint16Array>();
    expectTypeOf<Tensor<"bool">["data"]>().toEqualTypeOf<Uint8Array>();
    expectTypeOf<TensorData<"float64">>().toEqualTypeOf<Float64Array>();
    expectTypeOf<Dtype>().toEqualTypeOf<Tensor["dtype"]>();
  });

  it("narrow the data when the dtype is tested", () => {
    const some = tensor(new Float32Array(1), [1]) as Tensor;
    if (some.dtype === "int64") expectTypeOf(some.data).toEqualTypeOf<BigInt64Array>();
    else expect(some.data).toBeInstanceOf(Float32Array);
  });
});

describe("isTensor", () => {
  it("accepts any object with a dtype, a shape and a typed array", () => {
    expect(isTensor({ dtype: "float32", shape: [1], data: new Float32Array(1) })).toBe(true);
    expect(isTensor(Object.freeze({ ...tensor(new Int8Array(1), [1]), extra: 1 }))).toBe(true);
  });

  it.each([
    undefined,
    null,
    "float32",
    7,
    {},
    [],
    { dtype: "float32", shape: [1] },
    { dtype: "float32", shape: 1, data: new Float32Array(1) },
    { dtype: "float32", shape: [1], data: [1] },
    { dtype: "float32", shape: [1], data: new ArrayBuffer(4) },
    { dtype: "float32", shape: [1], data: new DataView(new ArrayBuffer(4)) },
    { dtype: "complex64", shape: [1], data: new Float32Array(2) },
    { dtype: ["float32"], shape: [1], data: new Float32Array(1) },
  ])("refuses %j", (value) => {
    expect(isTensor(value)).toBe(false);
  });
});

describe("dtypes", () => {
  it("are PyTorch's names, each with its element size", () => {
    expect(Object.fromEntries(dtypes.map((dtype) => [dtype, elementSize(dtype)]))).toEqual({
      float32: 4,
      float16: 2,
      bfloat16: 2,
      float64: 8,
      int8: 1,
      int16: 2,
      int32: 4,
      int64: 8,
      uint8: 1,
      uint16: 2,
      uint32: 4,
      uint64: 8,
      bool: 1,
    });
    expect(() => elementSize("float8" as Dtype)).toThrow(refused);
  });
});
