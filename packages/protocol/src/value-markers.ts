import { isName } from "./name.js";

/**
 * How deep arguments and results may be nested. Python's json module gives up near its recursion
 * limit of 1,000, and a `$dict` around every level doubles the depth.
 */
export const maxValueDepth = 256;

/** Python refuses longer decimal integers: https://docs.python.org/3/library/stdtypes.html#int-max-str-digits */
export const maxIntDigits = 4300;

/** A value that JSON cannot say, as an object with one `$` key. */
export type Marker =
  | { kind: "tensor"; tag: string }
  | { kind: "float"; value: number }
  | { kind: "int"; digits: string }
  | { kind: "dict"; entries: Record<string, unknown> };

const floats: Readonly<Record<string, number>> = {
  nan: Number.NaN,
  inf: Number.POSITIVE_INFINITY,
  "-inf": Number.NEGATIVE_INFINITY,
};

/** Reads `{"$tensor": …}` and the like: exactly one key and a valid value; all else is a plain object. */
export function readMarker(object: object, keys: readonly string[]): Marker | undefined {
  const key = keys[0];
  if (keys.length !== 1 || key === undefined || key.charCodeAt(0) !== 0x24) return undefined;
  const value = (object as Record<string, unknown>)[key];
  switch (key) {
    case "$tensor":
      return isName(value) ? { kind: "tensor", tag: value } : undefined;
    case "$float":
      return typeof value === "string" && Object.hasOwn(floats, value)
        ? { kind: "float", value: floats[value] as number }
        : undefined;
    case "$int":
      return isInteger(value) ? { kind: "int", digits: value } : undefined;
    case "$dict":
      return typeof value === "object" && value !== null && !Array.isArray(value)
        ? { kind: "dict", entries: value as Record<string, unknown> }
        : undefined;
    default:
      return undefined;
  }
}

function isInteger(value: unknown): value is string {
  if (typeof value !== "string" || value.length > maxIntDigits + 1) return false;
  return /^-?(0|[1-9][0-9]*)$/.test(value) && value.replace("-", "").length <= maxIntDigits;
}

/** The spelling of a number that JSON has no word for. */
export function floatName(value: number): "nan" | "inf" | "-inf" {
  if (Number.isNaN(value)) return "nan";
  return value > 0 ? "inf" : "-inf";
}

/** Sets an own property whatever its name: assigning to `__proto__` would change the prototype. */
export function setOwn(target: object, key: string, value: unknown): void {
  if (key !== "__proto__") {
    (target as Record<string, unknown>)[key] = value;
    return;
  }
  Object.defineProperty(target, key, {
    value,
    enumerable: true,
    writable: true,
    configurable: true,
  });
}
