import type { Tensor } from "@tr/tsr-codec";

/** An element may differ by `atol + rtol · |expected|`, as in torch.allclose. */
export interface Tolerance {
  readonly atol: number;
  readonly rtol: number;
  /** Why it may differ, and why by so much. */
  readonly because: string;
}

export interface Comparison {
  /** The largest |actual − expected|. */
  readonly absolute: number;
  /** The largest |actual − expected| / |expected|, where that is not 0. */
  readonly relative: number;
  readonly isRight: boolean;
  /** What made comparing impossible. */
  readonly fault?: string;
}

/** A NaN is right where PyTorch has one too, an infinity where PyTorch has the same. */
export function compare(actual: Tensor, expected: Tensor, tolerance: Tolerance): Comparison {
  const [found, wanted] = [actual, expected].map(({ dtype, shape }) => `${dtype} [${shape}]`);
  if (found !== wanted) return failed(`${found} instead of ${wanted}`);
  let absolute = 0;
  let relative = 0;
  let isRight = true;
  for (let i = 0; i < expected.data.length; i++) {
    const want = Number(expected.data[i]);
    const got = Number(actual.data[i]);
    if (Object.is(got, want) || got === want) continue;
    const isMeasurable = Number.isFinite(got) && Number.isFinite(want);
    const distance = isMeasurable ? Math.abs(got - want) : Number.POSITIVE_INFINITY;
    absolute = Math.max(absolute, distance);
    if (want !== 0)
      relative = Math.max(relative, isMeasurable ? distance / Math.abs(want) : distance);
    if (!isMeasurable || distance > tolerance.atol + tolerance.rtol * Math.abs(want)) {
      isRight = false;
    }
  }
  return { absolute, relative, isRight };
}

/** The comparison that could not be made. */
export function failed(fault: string): Comparison {
  const absolute = Number.POSITIVE_INFINITY;
  return { absolute, relative: absolute, isRight: false, fault };
}
