import { invalidArgument } from "./tsr-error.js";

/** The typed array of each dtype. The 16-bit floats travel as their bits, bool as bytes 0 and 1. */
export interface TensorDataByDtype {
  float32: Float32Array;
  float16: Uint16Array;
  bfloat16: Uint16Array;
  float64: Float64Array;
  int8: Int8Array;
  int16: Int16Array;
  int32: Int32Array;
  int64: BigInt64Array;
  uint8: Uint8Array;
  uint16: Uint16Array;
  uint32: Uint32Array;
  uint64: BigUint64Array;
  bool: Uint8Array;
}

/** An element type, by its PyTorch name. */
export type Dtype = keyof TensorDataByDtype;

/** The typed array that holds the elements of a tensor of dtype `D`. */
export type TensorData<D extends Dtype = Dtype> = TensorDataByDtype[D];

interface ArrayType<D extends Dtype> {
  readonly name: string;
  new (length: number): TensorData<D>;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): TensorData<D>;
  readonly BYTES_PER_ELEMENT: number;
}

type DtypeInfo<D extends Dtype> = readonly [code: number, array: ArrayType<D>];

// The codes in a header: 1 to 3 are what the format's first implementations write, 4 to 8 what it
// reserves, and 64 on a private range of ours. Where dtypes share an array, the last of them is what
// the array alone means.
const table: { readonly [D in Dtype]: DtypeInfo<D> } = {
  float32: [1, Float32Array],
  float16: [4, Uint16Array],
  bfloat16: [5, Uint16Array],
  float64: [6, Float64Array],
  int8: [2, Int8Array],
  int16: [7, Int16Array],
  int32: [3, Int32Array],
  int64: [64, BigInt64Array],
  bool: [65, Uint8Array],
  uint8: [8, Uint8Array],
  uint16: [66, Uint16Array],
  uint32: [67, Uint32Array],
  uint64: [68, BigUint64Array],
};

/** All dtypes. */
export const dtypes: readonly Dtype[] = Object.freeze(Object.keys(table) as Dtype[]);

export function isDtype(value: unknown): value is Dtype {
  return dtypes.includes(value as Dtype);
}

/** @throws TsrError `TSR_INVALID_ARGUMENT` when `value` names no dtype. */
export function checkDtype(value: unknown): asserts value is Dtype {
  if (!isDtype(value)) throw invalidArgument("dtype", dtypes.join(" "), String(value));
}

/**
 * Bytes per element: 1, 2, 4 or 8.
 * @throws TsrError `TSR_INVALID_ARGUMENT` when `dtype` is none of {@link dtypes}.
 */
export function elementSize(dtype: Dtype): number {
  checkDtype(dtype);
  return sizeOf(dtype);
}

/** The dtype field of a TSR 1 or TSR 2 header. */
export function codeOf(dtype: Dtype): number {
  return table[dtype][0];
}

/** The class of the typed array that holds a dtype's elements. */
export function arrayOf<D extends Dtype>(dtype: D): ArrayType<D> {
  return table[dtype][1];
}

/** Bytes per element of a dtype that has been checked. */
export function sizeOf(dtype: Dtype): number {
  return arrayOf(dtype).BYTES_PER_ELEMENT;
}

/** The dtype that each typed array has when none is named. */
export interface DtypeByArrayName {
  Float32Array: "float32";
  Float16Array: "float16";
  Float64Array: "float64";
  Int8Array: "int8";
  Int16Array: "int16";
  Int32Array: "int32";
  BigInt64Array: "int64";
  Uint8Array: "uint8";
  Uint16Array: "uint16";
  Uint32Array: "uint32";
  BigUint64Array: "uint64";
}

export type ArrayName = keyof DtypeByArrayName;

/** Undefined for what is no typed array of a dtype. */
export function defaultDtype(data: unknown): Dtype | undefined {
  const kind = kindOf(data);
  return kind === "Float16Array"
    ? "float16"
    : dtypes.findLast((dtype) => arrayOf(dtype).name === kind);
}

/** What all typed arrays have in common, and the name that tells them apart. */
export interface NamedArray<N extends string = ArrayName> extends ArrayBufferView {
  readonly length: number;
  readonly [Symbol.toStringTag]: N;
}

/**
 * The platform's Float16Array, where it has one. Named structurally: TypeScript knows it only with
 * the lib `esnext.float16`, which this package does not ask of those who use it.
 */
export type Float16Data = NamedArray<"Float16Array">;

/**
 * The name of a typed array's class, `DataView`, or for everything else what `typeof` says. By name,
 * so that arrays of other realms count.
 */
export function kindOf(value: unknown): string {
  return ArrayBuffer.isView(value)
    ? (value as NamedArray<string>)[Symbol.toStringTag]
    : typeof value;
}

export function checkBytes(bytes: Uint8Array, field: string): void {
  const kind = kindOf(bytes);
  if (kind !== "Uint8Array") throw invalidArgument(field, "a Uint8Array", kind);
}
