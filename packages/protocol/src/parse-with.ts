import type * as z from "zod/mini";
import { TrError } from "./errors.js";
import { parseObject } from "./malformed.js";
import { show } from "./show.js";
import { decodeText, trimSpace } from "./text.js";

/**
 * Reads a JSON file by its schema.
 *
 * @throws TrError TR_PROTOCOL naming the field, what was found and what must be there
 */
export function parseWith<S extends z.ZodMiniType>(
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
  for (const key of issue?.path ?? []) {
    found = (found as Record<PropertyKey, unknown> | undefined)?.[key];
  }
  throw new TrError(
    "TR_PROTOCOL",
    `Malformed ${what}: "${issue?.path.join(".")}" must be ${issue && expectation(issue)}, found ${show(found)}.`,
    { cause: result.error },
  );
}

/** zod's own English sentences are a locale that zod/mini leaves out. */
function expectation(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return issue.expected;
    case "invalid_value":
      return issue.values.map((value) => JSON.stringify(value)).join(" or ");
    case "too_small":
      return `${issue.minimum} or more`;
    case "invalid_format":
      return `as ${issue.pattern}`;
    default:
      return `valid (${issue.code})`;
  }
}
