import type { Dtype } from "./dtype.js";
import { checkDtype } from "./dtype.js";
import { allocate, elements, type Scalar, toElement } from "./element.js";
import { checkShape, checkTensor, type Tensor } from "./tensor.js";
import { invalidArgument } from "./tsr-error.js";

/**
 * A tensor with `value` everywhere; float32 unless `dtype` says otherwise.
 * @throws TsrError `TSR_INVALID_ARGUMENT` for a bad shape, or a value that the dtype does not hold.
 */
export function full<D extends Dtype = "float32">(
  shape: readonly number[],
  value: Scalar,
  dtype?: D,
): Tensor<D>;
export function full(shape: readonly number[], value: Scalar, dtype: Dtype = "float32"): Tensor {
  checkDtype(dtype);
  const count = checkShape(shape);
  const element = toElement(value, dtype, "value");
  const data = allocate(dtype, count);
  // New arrays are zeros already; touching each page again would cost as much as a copy.
  if (!Object.is(value, 0)) elements(data).fill(element);
  return { dtype, shape: [...shape], data } as Tensor;
}

/** A tensor of zeros; float32 unless `dtype` says otherwise. */
export function zeros<D extends Dtype = "float32">(shape: readonly number[], dtype?: D): Tensor<D> {
  return full(shape, 0, dtype);
}

/** A tensor of ones; float32 unless `dtype` says otherwise. */
export function ones<D extends Dtype = "float32">(shape: readonly number[], dtype?: D): Tensor<D> {
  return full(shape, 1, dtype);
}

/** A tensor of shape `[]` with one element; float32 unless `dtype` says otherwise. */
export function scalar<D extends Dtype = "float32">(value: Scalar, dtype?: D): Tensor<D> {
  return full([], value, dtype);
}

/**
 * `start`, `start + step`, … up to but without `stop`; with one argument from 0 on. float32 unless
 * `dtype` says otherwise.
 * @throws TsrError `TSR_INVALID_ARGUMENT` for a step of 0 or a bound that is not finite.
 */
export function arange(stop: number): Tensor<"float32">;
export function arange<D extends Dtype = "float32">(
  start: number,
  stop: number,
  step?: number,
  dtype?: D,
): Tensor<D>;
export function arange(first: number, second?: number, step = 1, dtype: Dtype = "float32"): Tensor {
  checkDtype(dtype);
  const [start, stop] = second === undefined ? [0, first] : [first, second];
  const steps = Math.ceil((stop - start) / step);
  if (!Number.isSafeInteger(steps)) {
    throw invalidArgument("arange", "finite bounds and a step other than 0", `${steps} steps`);
  }
  const shape = [Math.max(steps, 0)];
  const data = allocate(dtype, checkShape(shape));
  const out = elements(data);
  for (let i = 0; i < out.length; i++) out[i] = toElement(start + i * step, dtype, `element ${i}`);
  return { dtype, shape, data } as Tensor;
}

/**
 * The same data under another shape with as many elements; nothing is copied.
 * @throws TsrError `TSR_INVALID_ARGUMENT` when the numbers of elements differ.
 */
export function reshape<D extends Dtype>(tensor: Tensor<D>, shape: readonly number[]): Tensor<D>;
export function reshape(tensor: Tensor, shape: readonly number[]): Tensor {
  const count = checkTensor(tensor);
  const found = checkShape(shape);
  if (found !== count) throw invalidArgument("shape", `${count} elements in all`, found);
  return { ...tensor, shape: [...shape] };
}
