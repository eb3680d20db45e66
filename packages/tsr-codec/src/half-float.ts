/** The two 16-bit formats: a sign bit, then the exponent, then `fractionBits` of fraction. */
interface HalfFormat {
  readonly fractionBits: number;
  readonly exponentBias: number;
}

const formats = {
  /** IEEE 754 binary16. */
  float16: { fractionBits: 10, exponentBias: 15 },
  /** The upper half of a binary32. */
  bfloat16: { fractionBits: 7, exponentBias: 127 },
} as const satisfies Record<string, HalfFormat>;

export type HalfDtype = keyof typeof formats;

export function isHalf(dtype: string): dtype is HalfDtype {
  return dtype.endsWith("float16");
}

export function fromHalfBits(bits: number, dtype: HalfDtype): number {
  const { fractionBits, exponentBias } = formats[dtype];
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits & 0x7fff) >> fractionBits;
  const fraction = bits & (2 ** fractionBits - 1);
  if (exponent > 2 * exponentBias) return fraction ? Number.NaN : sign / 0;
  const significand = exponent === 0 ? fraction : fraction + 2 ** fractionBits;
  return sign * significand * 2 ** (Math.max(exponent, 1) - exponentBias - fractionBits);
}

/** Rounds to the nearest, a tie to the even one, in one step from the double. */
export function toHalfBits(value: number, dtype: HalfDtype): number {
  const { fractionBits, exponentBias } = formats[dtype];
  if (Number.isNaN(value)) return ((4 * exponentBias + 3) << fractionBits) >> 1;
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  // The power of two above the largest number is what infinity's bits would stand for.
  const size = Math.min(Math.abs(value), 2 ** (exponentBias + 1));
  let exponent = Math.floor(Math.log2(size));
  // log2 may round up to the next power of two.
  if (size < 2 ** exponent) exponent--;
  exponent = Math.max(exponent, 1 - exponentBias);
  // Scaling by a power of two is exact; the significand then counts in units of the last place. The
  // sum with 2^52 has no room for a fraction, so the platform rounds it as it rounds everything.
  const significand = size * 2 ** (fractionBits - exponent) + 2 ** 52 - 2 ** 52;
  // A significand that rounded up to the next power of two carries into the exponent by itself, as
  // does the smallest normal number from the subnormal ones, whose exponent field is 0.
  return sign | ((exponent + exponentBias - 1) * 2 ** fractionBits + significand);
}
