import { arrayOf, type Dtype, sizeOf, type TensorData } from "./dtype.js";
import { fromHalfBits, isHalf, toHalfBits } from "./half-float.js";
import type { TensorInput } from "./tensor.js";
import { invalidArgument } from "./tsr-error.js";

/** One element as a JavaScript value: a boolean for bool, a bigint for the 64-bit integers. */
export type Scalar = number | bigint | boolean;

/** The typed arrays' common part, as far as their element types allow one. */
interface Elements {
  readonly length: number;
  [index: number]: number | bigint;
  fill(value: number | bigint): unknown;
}

export function elements(data: ArrayBufferView): Elements {
  return data as unknown as Elements;
}

/** A new array of a dtype's kind, all zeros. */
export function allocate(dtype: Dtype, count: number): TensorData {
  return new (arrayOf(dtype))(count);
}

/**
 * What the typed array of `dtype` stores for `value`. Floats round to the nearest; an integer that
 * the dtype does not hold is an error, where a typed array would wrap it round.
 */
export function toElement(value: Scalar, dtype: Dtype, field: string): number | bigint {
  if (!/number|bigint|boolean/.test(typeof value)) {
    throw invalidArgument(field, "a number, bigint or boolean", typeof value);
  }
  if (isHalf(dtype)) return toHalfBits(Number(value), dtype);
  if (dtype.startsWith("float")) return Number(value);
  // Above 2^53 a number is not what its literal said, and BigInt would keep the rounded digits.
  const exact = typeof value !== "number" || Number.isSafeInteger(value);
  if (!exact || !holds(dtype, BigInt(value))) {
    throw invalidArgument(field, `a value that ${dtype} holds`, String(value));
  }
  return dtype === "int64" || dtype === "uint64" ? BigInt(value) : Number(value);
}

function holds(dtype: Dtype, value: bigint): boolean {
  const bits = dtype === "bool" ? 1 : 8 * sizeOf(dtype);
  return (dtype.startsWith("int") ? BigInt.asIntN : BigInt.asUintN)(bits, value) === value;
}

/** Reads a tensor's elements as values. */
export function valueReader({
  dtype,
  data,
}: Pick<TensorInput, "dtype" | "data">): (index: number) => Scalar {
  const stored = elements(data);
  const at = (index: number) => stored[index] as number | bigint;
  if (isHalf(dtype)) return (index) => fromHalfBits(Number(at(index)), dtype);
  if (dtype === "bool") return (index) => at(index) !== 0;
  return at;
}
