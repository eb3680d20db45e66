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

interface DtypeInfo<D extends Dtype> {
  /** The dtype field of a TSR 1 or TSR 2 header. */
  readonly code: number;
  readonly Array: ArrayType<D>;
}

// 1 to 3 are what the format's first implementations write, 4 to 8 what it reserves, and 64 on
// a private range of ours.
export const dtypeInfo: { readonly [D in Dtype]: DtypeInfo<D> } = {
  float32: { code: 1, Array: Float32Array },
  float16: { code: 4, Array: Uint16Array },
  bfloat16: { code: 5, Array: Uint16Array },
  float64: { code: 6, Array: Float64Array },
  int8: { code: 2, Array: Int8Array },
  int16: { code: 7, Array: Int16Array },
  int32: { code: 3, Array: Int32Array },
  int64: { code: 64, Array: BigInt64Array },
  uint8: { code: 8, Array: Uint8Array },
  uint16: { code: 66, Array: Uint16Array },
  uint32: { code: 67, Array: Uint32Array },
  uint64: { code: 68, Array: BigUint64Array },
  bool: { code: 65, Array: Uint8Array },
};

/** All dtypes. */
export const dtypes: readonly Dtype[] = Object.freeze(Object.keys(dtypeInfo) as Dtype[]);

export const dtypeByCode: ReadonlyMap<number, Dtype> = new Map(
  dtypes.map((dtype) => [dtypeInfo[dtype].code, dtype]),
);

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

/** Bytes per element of a dtype that has been checked. */
export function sizeOf(dtype: Dtype): number {
  return dtypeInfo[dtype].Array.BYTES_PER_ELEMENT;
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

/** By name, so that arrays of other realms count. Undefined for what is no such array. */
export function defaultDtype(data: unknown): Dtype | undefined {
  const name = arrayName(data);
  if (name === "Float16Array") return "float16";
  return dtypes.find((dtype) => dtypeInfo[dtype].Array.name === name && !/^b?float16$/.test(dtype));
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

/** The name of a typed array's class, or undefined when `value` is no typed array. */
export function arrayName(value: unknown): string | undefined {
  if (!ArrayBuffer.isView(value)) return undefined;
  return (value as Partial<NamedArray<string>>)[Symbol.toStringTag];
}
