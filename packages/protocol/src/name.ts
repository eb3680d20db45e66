import { TrError } from "./errors.js";
import { show } from "./show.js";

/** What a session id, a tag and a request id must match: each may become a file name. */
export const namePattern: RegExp = /^[A-Za-z0-9_-]{1,64}$/;

/** Whether `value` may become part of a path as a session id, tag or request id. */
export function isName(value: unknown): value is string {
  return typeof value === "string" && namePattern.test(value);
}

/**
 * Refuses anything that is not a name.
 *
 * @param kind what it is, for the message: `"tag"`, `"sessionId"`
 * @throws TrError TR_INVALID_ARGUMENT
 */
export function assertName(kind: string, value: unknown): asserts value is string {
  if (isName(value)) return;
  throw new TrError(
    "TR_INVALID_ARGUMENT",
    `${kind} must match ${namePattern.source} (letters, digits, "_" and "-", at most 64), found ${show(value)}.`,
  );
}
