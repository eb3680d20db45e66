import { isRecord, malformed } from "./malformed.js";
import { assertName } from "./name.js";
import { aCount, aName, readFields } from "./read-fields.js";

/** The text of `cancel.json`. @throws TrError TR_INVALID_ARGUMENT */
export function buildCancel(id: string): string {
  assertName("id", id);
  return JSON.stringify({ id });
}

/** The id of the request to stop. @throws TrError TR_PROTOCOL */
export function parseCancel(content: Uint8Array | string): string {
  return aName("cancel.json", "id", readFields("cancel.json", content).id);
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
  const what = "credit.json";
  const { granted } = readFields(what, content);
  if (!isRecord(granted)) throw malformed(what, "granted", granted, "an object");
  return new Map(
    Object.entries(granted).map(([id, count]) => [
      aName(what, "granted", id),
      aCount(what, `granted.${id}`, count),
    ]),
  );
}
