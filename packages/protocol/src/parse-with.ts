import type * as z from "zod";
import { TrError } from "./errors.js";
import { parseObject } from "./malformed.js";
import { show } from "./show.js";
import { decodeText, trimSpace } from "./text.js";

/**
 * Reads a JSON file by its schema.
 *
 * @throws TrError TR_PROTOCOL naming the field, what was found and what must be there
 */
export function parseWith<S extends z.ZodType>(
  what: string,
  schema: S,
  content: Uint8Array | string,
): z.output<S> {
  const text = trimSpace(decodeText(what, content));
  if (!text.startsWith("{")) {
    throw new TrError(
      "TR_PROTOCOL",
      `Malformed ${what}: must be a JSON object, found ${show(text)}.`,
    );
  }
  const object = parseObject(what, text);
  const result = schema.safeParse(object);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  let found: unknown = object;
  for (const key of issue?.path ?? []) found = (found as Record<PropertyKey, unknown>)?.[key];
  throw new TrError(
    "TR_PROTOCOL",
    `Malformed ${what}: "${issue?.path.join(".")}": ${issue?.message}, found ${show(found)}.`,
    { cause: result.error },
  );
}
