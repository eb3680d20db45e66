import { assertName } from "./name.js";
import { parseWith } from "./parse-with.js";
import { cancelSchema, creditSchema } from "./schemas.js";

/** The text of `cancel.json`. @throws TrError TR_INVALID_ARGUMENT */
export function buildCancel(id: string): string {
  assertName("id", id);
  return JSON.stringify({ id });
}

/** The id of the request to stop. @throws TrError TR_PROTOCOL */
export function parseCancel(content: Uint8Array | string): string {
  return parseWith("cancel.json", cancelSchema, content).id;
}

/**
 * The text of `credit.json`: for each running stream, how many items have been granted since it
 * began. A running total for all streams rather than an increment for one: a later text replaces
 * an earlier one that nobody has read, and nothing is lost.
 *
 * @throws TrError TR_INVALID_ARGUMENT
 */
export function buildCredit(granted: ReadonlyMap<string, number>): string {
  for (const id of granted.keys()) assertName("id", id);
  return JSON.stringify({ granted: Object.fromEntries(granted) });
}

/** @throws TrError TR_PROTOCOL */
export function parseCredit(content: Uint8Array | string): Map<string, number> {
  return new Map(Object.entries(parseWith("credit.json", creditSchema, content).granted));
}
