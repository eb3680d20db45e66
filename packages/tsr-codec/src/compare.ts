import { type Scalar, valueReader } from "./element.js";
import { checkTensor, type Tensor } from "./tensor.js";
import { invalidArgument } from "./tsr-error.js";

/**
 * Whether dtype, shape and every element are the same. Values count, not bits: 0 equals -0, and NaN
 * equals nothing, as in `torch.equal`.
 */
export function equal(a: Tensor, b: Tensor): boolean {
  return everyPair(a, b, (x, y) => x === y) && a.dtype === b.dtype;
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
  if (!(rtol >= 0 && atol >= 0)) {
    throw invalidArgument("rtol, atol", "numbers of 0 or more", `${rtol}, ${atol}`);
  }
  return everyPair(a, b, (left, right) => {
    const x = Number(left);
    const y = Number(right);
    return x === y || (Number.isFinite(y) && Math.abs(x - y) <= atol + rtol * Math.abs(y));
  });
}

/** Whether the shapes are the same and the test holds for every pair of elements. */
function everyPair(a: Tensor, b: Tensor, test: (x: Scalar, y: Scalar) => boolean): boolean {
  const count = checkTensor(a);
  checkTensor(b);
  const { shape } = b;
  if (a.shape.length !== shape.length || a.shape.some((size, i) => size !== shape[i])) return false;
  const left = valueReader(a);
  const right = valueReader(b);
  for (let i = 0; i < count; i++) if (!test(left(i), right(i))) return false;
  return true;
}
