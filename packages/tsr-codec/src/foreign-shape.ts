import { type Dtype, sizeOf } from "./dtype.js";
import { maxNdim } from "./tensor.js";
import { refuse, tooLarge } from "./tsr-error.js";

/** Refuses what is no shape of ours in a file of another format. */
export function checkForeignShape(shape: readonly unknown[], field: string): void {
  if (shape.length > maxNdim) throw refuse("TSR_BAD_NDIM", field, `0 to ${maxNdim}`, shape.length);
  shape.forEach((size, axis) => {
    if (!Number.isSafeInteger(size) || (size as number) < 0) {
      throw refuse("TSR_BAD_DIMENSION", `${field}[${axis}]`, "0 to 2^53 - 1", String(size));
    }
  });
}

/** The product of a checked shape times the element size, exact however large it is. */
export function exactSize(shape: readonly number[], dtype: Dtype): bigint {
  const count = shape.reduce((product, size) => product * BigInt(size), 1n);
  return count * BigInt(sizeOf(dtype));
}

export function checkLimit(size: bigint, maxBytes: number): number {
  const limit = Math.min(maxBytes, Number.MAX_SAFE_INTEGER);
  if (size > limit) throw tooLarge(size, limit);
  return Number(size);
}
