import { inspect } from "node:util";
import { format, isTensor } from "@tr/tsr-codec";

/** A result for a terminal: text as it is, a tensor as numpy would print it, anything else as JSON where JSON can hold it. `indent` 0: on one line. */
export function showValue(value: unknown, indent = 2): string {
  if (typeof value === "string") return value;
  if (isTensor(value)) return format(value);
  if (isJson(value)) return JSON.stringify(value, null, indent);
  return inspect(withFormatted(value), { depth: Number.POSITIVE_INFINITY, maxArrayLength: null });
}

function isJson(value: unknown): boolean {
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value !== "object" || value === null) return typeof value !== "bigint";
  return !isTensor(value) && Object.values(value).every(isJson);
}

/** The same with tensors that print themselves. */
function withFormatted(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (isTensor(value)) return { [inspect.custom]: () => format(value) };
  if (Array.isArray(value)) return value.map(withFormatted);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withFormatted(item)]));
}
