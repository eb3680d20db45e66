import { TrError } from "./errors.js";
import { show } from "./show.js";

/** The other side broke the protocol: says in which message, which field, what was there and what must be. */
export function malformed(what: string, field: string, found: unknown, expected: string): TrError {
  return new TrError(
    "TR_PROTOCOL",
    `Malformed ${what}: "${field}" must be ${expected}, found ${show(found)}.`,
  );
}

/**
 * Parses a text that begins with `{`.
 *
 * V8's JSON.parse does not recurse, so a text of brackets alone cannot overflow the stack; and it
 * makes `__proto__` an ordinary own property.
 *
 * @throws TrError TR_PROTOCOL
 */
export function parseObject(what: string, text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TrError(
      "TR_PROTOCOL",
      `Malformed ${what}: it begins with "{" but is not JSON (${reason}): ${show(text)}.`,
      { cause },
    );
  }
}

/** An optional string field: undefined and null mean that it is not there. */
export function stringField(
  what: string,
  object: Record<string, unknown>,
  field: string,
): string | undefined {
  const value = object[field];
  if (typeof value === "string") return value;
  if (value === undefined || value === null) return undefined;
  throw malformed(what, field, value, "a string");
}

/** Command and parameters as both dialects spell them. All are checked, also one that another goes before. */
export function textFields(what: string, object: Record<string, unknown>) {
  return {
    cmd: stringField(what, object, "cmd"),
    params: stringField(what, object, "params"),
    command: stringField(what, object, "command"),
    parameters: stringField(what, object, "parameters"),
  };
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
