import { TrError } from "./errors.js";
import type { JsonValue } from "./json.js";
import { maxValueDepth, readMarker, setOwn } from "./value-markers.js";

export interface DecodeOptions {
  /** Called once for each tag, however often it turns up. */
  getTensor(tag: string): unknown;
}

/**
 * The inverse of `encodeValue`. An object is a marker only when it has exactly one key, one of
 * `$tensor`, `$float`, `$int` and `$dict`, with a valid value; anything else is a plain object.
 *
 * @throws TrError TR_PROTOCOL when it is nested deeper than `maxValueDepth`
 */
export function decodeValue(json: JsonValue, options: DecodeOptions): unknown {
  const tensors = new Map<string, unknown>();
  const getTensor = (tag: string): unknown => {
    if (!tensors.has(tag)) tensors.set(tag, options.getTensor(tag));
    return tensors.get(tag);
  };
  return decode(json, getTensor, 0);
}

function decode(json: unknown, getTensor: (tag: string) => unknown, depth: number): unknown {
  if (typeof json !== "object" || json === null) return json;
  if (Array.isArray(json)) {
    checkDepth(depth);
    return json.map((item) => decode(item, getTensor, depth + 1));
  }
  const keys = Object.keys(json);
  const marker = readMarker(json, keys);
  switch (marker?.kind) {
    case "tensor":
      return getTensor(marker.tag);
    case "float":
      return marker.value;
    case "int":
      return BigInt(marker.digits);
    case "dict":
      return decodeRecord(marker.entries, Object.keys(marker.entries), getTensor, depth);
    default:
      return decodeRecord(json as Record<string, unknown>, keys, getTensor, depth);
  }
}

function decodeRecord(
  record: Record<string, unknown>,
  keys: readonly string[],
  getTensor: (tag: string) => unknown,
  depth: number,
): Record<string, unknown> {
  checkDepth(depth);
  const result: Record<string, unknown> = {};
  for (const key of keys) setOwn(result, key, decode(record[key], getTensor, depth + 1));
  return result;
}

function checkDepth(depth: number): void {
  if (depth < maxValueDepth) return;
  throw new TrError("TR_PROTOCOL", `The value is nested deeper than ${maxValueDepth}.`);
}
