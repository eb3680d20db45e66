import { constants } from "node:buffer";
import { TrError } from "@tr/protocol/errors";
import {
  byteLength,
  decode,
  encode,
  isTensor,
  maxHeaderSize,
  readHeader,
  type Tensor,
  TsrError,
} from "@tr/tsr-codec";

declare global {
  interface JSON {
    /** Text that `stringify` puts in as it is: https://tc39.es/proposal-json-parse-with-source/ */
    rawJSON(text: string): object;
  }
}

/** What a tensor is in JSON: the base64 of a TSR file under this key alone. */
const key = "$tsr";
/** The session refuses what is nested deeper; so this walk needs no check of its own. */
const maxDepth = 256;

/**
 * Values from JSON, with every `{ "$tsr": base64 }` a tensor. What holds none is passed on as it is.
 *
 * @throws TrError `TR_INVALID_ARGUMENT`, naming the place, for what is no TSR file.
 */
export function tensorsFromJson<Value>(value: Value, path: string): Value {
  return walk(value, 0, (found) => {
    const text = (found as Record<string, unknown>)[key];
    if (typeof text !== "string") return found;
    for (const name in found) if (name !== key) return found;
    return tensorOf(text, path);
  }) as Value;
}

/**
 * Values for JSON, with every tensor a `{ "$tsr": base64 }` and integers beyond 2^53 with all their digits.
 *
 * @throws TrError `TR_INVALID_ARGUMENT` when a tensor is too large for a string.
 */
export function tensorsToJson<Value>(value: Value): Value {
  return walk(value, 0, (found) => (isTensor(found) ? textOf(found) : found)) as Value;
}

/** Copies only what has something to change in it. */
function walk(value: unknown, depth: number, change: (found: object) => unknown): unknown {
  if (typeof value === "bigint") return JSON.rawJSON(String(value));
  if (typeof value !== "object" || value === null || depth > maxDepth) return value;
  const changed = change(value);
  if (changed !== value) return changed;
  let copy: Record<string | number, unknown> | undefined;
  for (const name of Object.keys(value)) {
    const item = (value as Record<string, unknown>)[name];
    if (typeof item !== "object" && typeof item !== "bigint") continue;
    const made = walk(item, depth + 1, change);
    if (made === item) continue;
    copy ??= (Array.isArray(value) ? [...value] : { ...value }) as Record<string, unknown>;
    copy[name] = made;
  }
  return copy ?? value;
}

function tensorOf(text: string, path: string): Tensor {
  // The header says how large it is: nothing of that size is made before it is known to be there.
  const totalBytes = Buffer.byteLength(text, "base64");
  try {
    const head = Buffer.from(text.slice(0, Math.ceil(maxHeaderSize / 3) * 4), "base64");
    readHeader(head, { totalBytes });
    const bytes = Buffer.from(text, "base64");
    if (bytes.length !== totalBytes) throw invalid(path, "characters that are not base64");
    return decode(bytes, { copy: false });
  } catch (error) {
    throw TsrError.is(error) ? invalid(path, error.message, error) : error;
  }
}

function invalid(path: string, found: string, cause?: unknown): TrError {
  return new TrError(
    "TR_INVALID_ARGUMENT",
    `${path}: expected the base64 of a TSR file under ${key}, found ${found}`,
    { cause },
  );
}

function textOf(tensor: Tensor): object {
  const bytes = byteLength(tensor);
  if ((bytes / 3) * 4 > constants.MAX_STRING_LENGTH - 4) {
    throw new TrError(
      "TR_INVALID_ARGUMENT",
      `a tensor of ${bytes} bytes (${tensor.dtype} of ${tensor.shape.join(" × ")}) is too large for JSON`,
    );
  }
  const { buffer, byteOffset, length } = encode(tensor);
  return { [key]: Buffer.from(buffer, byteOffset, length).toString("base64") };
}
