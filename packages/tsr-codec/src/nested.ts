import { checkDtype, type Dtype } from "./dtype.js";
import { allocate, elements, type Scalar, toElement, valueReader } from "./element.js";
import { checkShape, checkTensor, maxNdim, type Tensor } from "./tensor.js";
import { invalidArgument } from "./tsr-error.js";

/** A value, or arrays of arrays of values. */
export type Nested = Scalar | readonly Nested[];

/**
 * The elements as nested arrays; of a tensor of shape `[]` the value itself. The 64-bit integers
 * are bigints, bool is booleans, everything else numbers.
 */
export function toNested(tensor: Tensor): Nested {
  checkTensor(tensor);
  const { shape } = tensor;
  const read = valueReader(tensor);
  let next = 0;
  const build = (axis: number): Nested =>
    axis === shape.length
      ? read(next++)
      : Array.from({ length: shape[axis] as number }, () => build(axis + 1));
  return build(0);
}

/**
 * A tensor from nested arrays such as `[[1, 2], [3, 4]]`; float32 unless `dtype` says otherwise.
 * @throws TsrError `TSR_INVALID_ARGUMENT` where the arrays are ragged (the error names the place),
 * or hold what the dtype does not.
 */
export function fromNested<D extends Dtype = "float32">(nested: Nested, dtype?: D): Tensor<D>;
export function fromNested(nested: Nested, dtype: Dtype = "float32"): Tensor {
  checkDtype(dtype);
  const shape: number[] = [];
  // The limit ends an array that contains itself; checkShape refuses it.
  for (let level = nested; Array.isArray(level) && shape.length <= maxNdim; level = level[0]) {
    shape.push(level.length);
  }
  const data = allocate(dtype, checkShape(shape));
  const out = elements(data);
  let next = 0;
  const take = (level: Nested, axis: number, place: string): void => {
    if (axis === shape.length) {
      out[next++] = toElement(level as Scalar, dtype, place);
      return;
    }
    if (!Array.isArray(level) || level.length !== shape[axis]) {
      const found = Array.isArray(level) ? level.length : typeof level;
      throw invalidArgument(place, `an array of ${shape[axis]} elements`, found);
    }
    // Not forEach, which would step over the holes of a sparse array.
    for (let i = 0; i < level.length; i++) take(level[i] as Nested, axis + 1, `${place}[${i}]`);
  };
  take(nested, 0, "nested");
  return { dtype, shape, data } as Tensor;
}
