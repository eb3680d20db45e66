import type { Dtype } from "./dtype.js";
import type { Scalar } from "./element.js";
import { isHalf, toHalfBits } from "./half-float.js";

/** numpy's default precision. */
const fractionDigits = 8;

/**
 * The values as texts of one width, their decimal points below each other as numpy has them: zeros
 * at the end of a fraction go, the point stays ("1.", "2.5"). With exponents ("1.50e+10") every
 * number has as many digits as the longest one needs.
 */
export function formatNumbers(values: readonly Scalar[], dtype: Dtype): string[] {
  if (!dtype.includes("float")) return alignRight(values.map(String));
  const numbers = values.map((value) => Number(shortest(value, dtype)));
  const sizes = numbers.map(Math.abs).filter((size) => size > 0 && size < 1 / 0);
  sizes.sort((a, b) => a - b);
  const [smallest = 1, largest = smallest] = [sizes[0], sizes.at(-1)];
  const scientific = largest >= 1e8 || smallest < 1e-4 || largest / smallest > 1000;
  const parts = numbers.map((value): [mantissa: string, exponent: string | undefined] => {
    const text = scientific ? value.toExponential(fractionDigits) : value.toFixed(fractionDigits);
    const [mantissa = "", exponent] = text.split("e");
    return [mantissa.replace(/0+$/, ""), exponent];
  });
  const fractionOf = (mantissa: string) => mantissa.split(".")[1]?.length ?? 0;
  const longest = parts.reduce((most, [mantissa]) => Math.max(most, fractionOf(mantissa)), 0);
  return alignRight(
    parts.map(([mantissa, exponent]) => {
      // "NaN", "Infinity" and "-Infinity" have no point.
      if (!mantissa.includes(".")) return mantissa.toLowerCase().replace("inity", "");
      const fill = (scientific ? "0" : " ").repeat(longest - fractionOf(mantissa));
      return (
        mantissa + fill + (exponent ? `e${exponent[0]}${exponent.slice(1).padStart(2, "0")}` : "")
      );
    }),
  );
}

/** The number with the fewest digits that the dtype rounds to the same value. */
export function shortest(value: Scalar, dtype: Dtype): Scalar {
  if (typeof value !== "number" || dtype === "float64" || !dtype.includes("float")) return value;
  const round = isHalf(dtype) ? (x: number) => toHalfBits(x, dtype) : Math.fround;
  for (let digits = 1; digits < 9; digits++) {
    const rounded = Number(value.toPrecision(digits));
    if (round(rounded) === round(value)) return rounded;
  }
  return value;
}

function alignRight(texts: readonly string[]): string[] {
  const width = texts.reduce((longest, text) => Math.max(longest, text.length), 0);
  return texts.map((text) => text.padStart(width));
}
