import {
  type ArrayName,
  arrayOf,
  checkDtype,
  type Dtype,
  type DtypeByArrayName,
  defaultDtype,
  type Float16Data,
  isDtype,
  kindOf,
  type NamedArray,
  type TensorData,
} from "./dtype.js";
import { invalidArgument } from "./tsr-error.js";

interface TensorOf<D extends Dtype> {
  readonly dtype: D;
  /** The dimensions, outermost first; `[]` for a scalar. */
  readonly shape: readonly number[];
  /** The elements, row by row (C order), without gaps. */
  readonly data: TensorData<D>;
}

/**
 * A plain object with `dtype`, `shape` and `data`. Any object of that shape is one, wherever it was
 * made. A union over the dtypes, so that testing `dtype` narrows `data`.
 */
export type Tensor<D extends Dtype = Dtype> = { [K in D]: TensorOf<K> }[D];

/** What the encoder takes: a tensor, or one whose float16 elements are in a Float16Array. */
export type TensorInput =
  | Tensor
  | { readonly dtype: "float16"; readonly shape: readonly number[]; readonly data: Float16Data };

/** What a header says of a tensor. */
export interface TensorType {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
}

/** More dimensions than this no header holds. */
export const maxNdim = 32;

/** Number.MAX_SAFE_INTEGER: above it numbers are not exact, so no size here is. */
export const maxSafe = 2 ** 53 - 1;

/**
 * A tensor over `data`, which is not copied. Without `dtype` the typed array decides, as in
 * `tensor(new Int32Array([1, 2, 3]), [3])`; name it for `bfloat16` and `float16` (bits in a
 * Uint16Array) and `bool` (0 and 1 in a Uint8Array). A Float16Array's bits are taken as float16.
 * @throws TsrError `TSR_INVALID_ARGUMENT` when data, shape and dtype do not fit each other.
 */
export function tensor<N extends ArrayName>(
  data: NamedArray<N>,
  shape: readonly number[],
): Tensor<DtypeByArrayName[N]>;
export function tensor<D extends Dtype>(
  data: D extends "float16" ? TensorData<D> | Float16Data : TensorData<D>,
  shape: readonly number[],
  dtype: D,
): Tensor<D>;
export function tensor(
  data: NamedArray<string>,
  shape: readonly number[],
  dtype: Dtype | undefined = defaultDtype(data),
): TensorInput {
  if (dtype === undefined) {
    throw invalidArgument(
      "data",
      "a typed array",
      kindOf(data),
      "A list goes through fromNested().",
    );
  }
  const made = { dtype, shape, data } as TensorInput;
  checkTensor(made);
  const bits =
    kindOf(data) === "Float16Array"
      ? new Uint16Array(data.buffer, data.byteOffset, data.length)
      : data;
  return { dtype, shape: [...shape], data: bits } as TensorInput;
}

/**
 * Whether `value` is meant as a tensor: it has a known `dtype`, an array `shape` and a typed array
 * `data`. Whether the three fit each other is for {@link encode} to say, with an error that names
 * the fault.
 */
export function isTensor(value: unknown): value is Tensor {
  const { dtype, shape, data } = Object(value) as Partial<Tensor>;
  return isDtype(dtype) && Array.isArray(shape) && /Array$/.test(kindOf(data));
}

/**
 * Refuses anything whose parts do not fit each other.
 * @param isHeader true: `data` may be missing
 * @returns the number of elements
 */
export function checkTensor(value: TensorInput | TensorType, isHeader?: boolean): number {
  if (Object(value) !== value) {
    throw invalidArgument("tensor", "{ dtype, shape, data }", String(value));
  }
  const { dtype, shape, data } = value as TensorInput;
  checkDtype(dtype);
  const count = checkShape(shape);
  if (isHeader && data === undefined) return count;
  const kind = kindOf(data);
  const wanted = arrayOf(dtype).name;
  if (kind !== wanted && !(dtype === "float16" && kind === "Float16Array")) {
    throw invalidArgument("data", `${wanted} for ${dtype}`, kind);
  }
  if (data.length !== count) {
    throw invalidArgument("data", `${count} elements for shape [${shape.join(", ")}]`, data.length);
  }
  return count;
}

/** Refuses what is not a shape; returns the number of elements (1 for `[]`). */
export function checkShape(shape: readonly number[]): number {
  if (!Array.isArray(shape)) throw invalidArgument("shape", "an array of dimensions", typeof shape);
  if (shape.length > maxNdim) {
    throw invalidArgument("shape", `at most ${maxNdim} dimensions`, shape.length);
  }
  // Not forEach, which would step over the holes of a sparse array.
  for (const [axis, size] of shape.entries()) {
    if (!Number.isSafeInteger(size) || size < 0) {
      throw invalidArgument(`shape[${axis}]`, "an integer of 0 or more", String(size));
    }
  }
  // Beside a zero the others may overflow to Infinity, and the product to NaN.
  if (shape.includes(0)) return 0;
  const count = shape.reduce((product, size) => product * size, 1);
  if (count > maxSafe) {
    throw invalidArgument("shape", "at most 2^53 - 1 elements", count);
  }
  return count;
}
