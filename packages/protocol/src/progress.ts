import type { JsonValue } from "./json.js";
import { isRecord, malformed } from "./malformed.js";

/** How far a call has come. */
export interface Progress {
  done: number;
  /** Not there when nobody knows. */
  total: number | undefined;
  message: string;
}

const what = "progress";

/** The `value` of a response of the kind `progress`. @throws TrError TR_PROTOCOL */
export function parseProgress(value: JsonValue | undefined): Progress {
  if (!isRecord(value)) throw malformed(what, "value", value, "an object");
  const { done, total = null, message = null } = value;
  if (typeof done !== "number") throw malformed(what, "value.done", done, "a number");
  if (total !== null && typeof total !== "number") {
    throw malformed(what, "value.total", total, "a number or null");
  }
  if (message !== null && typeof message !== "string") {
    throw malformed(what, "value.message", message, "a string");
  }
  return { done, total: total ?? undefined, message: message ?? "" };
}
