import { TrError } from "@tr/pool";

/** setTimeout runs at once when it is given more than this. */
export const longestTimerMs = 2 ** 31 - 1;

/** @throws TrError `TR_INVALID_ARGUMENT`, naming the option */
export function wholeNumber(
  name: string,
  value: number,
  least: number,
  most = Number.MAX_SAFE_INTEGER,
): number {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value;
  const range = most === Number.MAX_SAFE_INTEGER ? `≥ ${least}` : `from ${least} to ${most}`;
  throw invalidOption(name, `a whole number ${range}`, String(value));
}

export function invalidOption(name: string, expected: string, found: string): TrError {
  return new TrError("TR_INVALID_ARGUMENT", `option ${name}: expected ${expected}, found ${found}`);
}
