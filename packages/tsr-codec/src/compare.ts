import { toFloat32 } from "./convert.js";
import { elements, valueReader } from "./element.js";
import { isHalf } from "./half-float.js";
import { checkTensor, type Tensor } from "./tensor.js";
import { invalidArgument } from "./tsr-error.js";

/**
 * Whether dtype, shape and every element are the same. Values count, not bits: 0 equals -0, and NaN
 * equals nothing, as in `torch.equal`.
 */
export function equal(a: Tensor, b: Tensor): boolean {
  checkTensor(a);
  checkTensor(b);
  if (a.dtype !== b.dtype || !sameShape(a, b)) return false;
  const left = elements((isHalf(a.dtype) ? toFloat32(a) : a).data);
  const right = elements((isHalf(b.dtype) ? toFloat32(b) : b).data);
  for (let i = 0; i < left.length; i++) if (left[i] !== right[i]) return false;
  return true;
}

/**
 * Whether the shapes are the same and |a − b| ≤ atol + rtol · |b| for every pair of elements, as in
 * `torch.allclose` and `numpy.allclose`. The dtypes may differ; NaN is close to nothing, an
 * infinity to itself.
 * @param tolerance `rtol` (default 1e-5) and `atol` (default 1e-8)
 */
export function allClose(
  a: Tensor,
  b: Tensor,
  tolerance: { rtol?: number; atol?: number } = {},
): boolean {
  const { rtol = 1e-5, atol = 1e-8 } = tolerance;
  for (const [field, value] of Object.entries({ rtol, atol })) {
    if (!(value >= 0)) throw invalidArgument(field, "a number of 0 or more", String(value));
  }
  const count = checkTensor(a);
  checkTensor(b);
  if (!sameShape(a, b)) return false;
  const left = valueReader(a);
  const right = valueReader(b);
  for (let i = 0; i < count; i++) {
    const x = Number(left(i));
    const y = Number(right(i));
    const close = x === y || (Number.isFinite(y) && Math.abs(x - y) <= atol + rtol * Math.abs(y));
    if (!close) return false;
  }
  return true;
}

function sameShape(a: Tensor, b: Tensor): boolean {
  return a.shape.length === b.shape.length && a.shape.every((size, axis) => size === b.shape[axis]);
}
