import type { Dtype } from "./dtype.js";
import type { Scalar } from "./element.js";
import { isHalf, toHalfBits } from "./half-float.js";

/** numpy's default precision. */
const fractionDigits = 8;

/** The values as texts of one width, their decimal points below each other as numpy has them. */
export function formatNumbers(values: readonly Scalar[], dtype: Dtype): string[] {
  if (!dtype.includes("float")) return alignRight(values.map(String));
  const numbers = values.map((value) => Number(shortest(value, dtype)));
  const sizes = numbers.filter((value) => value !== 0 && Number.isFinite(value)).map(Math.abs);
  const largest = sizes.reduce((a, b) => Math.max(a, b), 0);
  const smallest = sizes.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const scientific = largest >= 1e8 || smallest < 1e-4 || largest / smallest > 1000;
  return alignRight(scientific ? scientificTexts(numbers) : fixedTexts(numbers));
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

/** Zeros at the end of the fraction go, the point stays: "1.", "2.5". */
function fixedTexts(numbers: readonly number[]): string[] {
  const texts = numbers.map((value) =>
    Number.isFinite(value) ? value.toFixed(fractionDigits).replace(/0+$/, "") : special(value),
  );
  const fraction = (text: string) => text.length - text.indexOf(".") - 1;
  const longest = Math.max(...texts.filter((text) => text.includes(".")).map(fraction));
  return texts.map((text) =>
    text.includes(".") ? text + " ".repeat(longest - fraction(text)) : text,
  );
}

/** "1.50e+10": as many digits in each as the longest needs, and at least two in the exponent. */
function scientificTexts(numbers: readonly number[]): string[] {
  const parts = numbers.map((value) => {
    const [mantissa = "", exponent = "0"] = value.toExponential(fractionDigits).split("e");
    return { mantissa: mantissa.replace(/0+$/, ""), exponent: Number(exponent), value };
  });
  const longest = Math.max(
    ...parts.map(({ mantissa, value }) =>
      Number.isFinite(value) ? mantissa.replace("-", "").length : 0,
    ),
  );
  return parts.map(({ mantissa, exponent, value }) => {
    if (!Number.isFinite(value)) return special(value);
    const digits = mantissa.padEnd(longest + (mantissa.startsWith("-") ? 1 : 0), "0");
    const sign = exponent < 0 ? "-" : "+";
    return `${digits}e${sign}${String(Math.abs(exponent)).padStart(2, "0")}`;
  });
}

function special(value: number): string {
  if (Number.isNaN(value)) return "nan";
  return value > 0 ? "inf" : "-inf";
}

function alignRight(texts: readonly string[]): string[] {
  const width = texts.reduce((longest, text) => Math.max(longest, text.length), 0);
  return texts.map((text) => text.padStart(width));
}
