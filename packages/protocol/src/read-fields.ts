import { TrError } from "./errors.js";
import { malformed, parseObject } from "./malformed.js";
import { isName } from "./name.js";
import { show } from "./show.js";
import { decodeText, trimSpace } from "./text.js";

/** The fields of one JSON file, each checked when it is read. Unknown ones are ignored. */
export type Fields = Record<string, unknown>;

/**
 * Reads a JSON file for its fields to be checked by hand rather than by a schema: loading zod takes a
 * third of the time that importing this package takes, and every start of a program waits for it. A
 * test holds these checks and the schemas to the same answers.
 *
 * @throws TrError TR_PROTOCOL
 */
export function readFields(what: string, content: Uint8Array | string): Fields {
  const text = trimSpace(decodeText(what, content));
  if (text.startsWith("{")) return parseObject(what, text);
  throw new TrError(
    "TR_PROTOCOL",
    `Malformed ${what}: must be a JSON object, found ${show(text)}.`,
  );
}

/** @throws TrError TR_PROTOCOL, as all below do, naming the field, what was found and what must be there */
export function aString(what: string, field: string, value: unknown): string {
  if (typeof value === "string") return value;
  throw malformed(what, field, value, "a string");
}

export function aNumber(what: string, field: string, value: unknown): number {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw malformed(what, field, value, "a number");
}

export function aCount(what: string, field: string, value: unknown, least = 0): number {
  if (Number.isSafeInteger(value) && (value as number) >= least) return value as number;
  throw malformed(what, field, value, `a whole number of ${least} or more`);
}

export function aName(what: string, field: string, value: unknown): string {
  if (isName(value)) return value;
  throw malformed(what, field, value, "a name");
}

/** `undefined` for one that is not there: Python writes null. */
export function maybe<T>(
  check: (what: string, field: string, value: unknown) => T,
  what: string,
  field: string,
  value: unknown,
): T | undefined {
  return value === undefined || value === null ? undefined : check(what, field, value);
}
