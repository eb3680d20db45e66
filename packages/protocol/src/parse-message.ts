import { TrError } from "./errors.js";
import type { JsonValue } from "./json.js";
import { isRecord } from "./malformed.js";
import { isName } from "./name.js";
import { show } from "./show.js";
import { splitCommand, trimSpace } from "./text.js";

export interface Message {
  command: string;
  /** The parameters, separated by spaces. */
  words: string;
  /** The message's other fields; empty for plain text. */
  extra: Record<string, JsonValue>;
}

const known = new Set(["cmd", "params", "command", "parameters", "timestamp", "id", "protocol"]);

/**
 * A user's message: plain text (the first word is the command, the rest the parameters), the JSON
 * text of a request of dialect 1, 2 or both, or such an object. `command` goes before `cmd` and
 * `parameters` before `params`. The host writes timestamp, id and protocol itself: they are dropped.
 *
 * Commas: only in `params` standing alone (dialect 1), and only when every part between the commas
 * is a name that could be a tag (`"a,b"`, not `"3.5, x"`), they become spaces.
 *
 * @throws TrError TR_INVALID_ARGUMENT
 */
export function parseMessage(message: string | Record<string, unknown>): Message {
  if (typeof message === "string") {
    const text = trimSpace(message);
    if (!text.startsWith("{")) {
      const { command, words } = splitCommand(text);
      if (command === "") throw invalid("The message is empty: its first word is the command.");
      return { command, words, extra: {} };
    }
    return fromObject(parseJson(text));
  }
  if (!isRecord(message)) {
    throw invalid(`A message is a text or an object, found ${show(message)}.`);
  }
  return fromObject(message);
}

function parseJson(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>; // it begins with "{": an object or an error
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw invalid(`The message begins with "{" but is not JSON (${reason}).`, cause);
  }
}

function fromObject(object: Record<string, unknown>): Message {
  const command = field(object, "command") ?? field(object, "cmd");
  if (command === undefined || command === "") {
    throw invalid('The message has no command: give it as "command" (or "cmd").');
  }
  const words = field(object, "parameters") ?? commasToSpaces(field(object, "params") ?? "");
  // fromEntries defines own properties: a key "__proto__" stays an ordinary key.
  const extra = Object.entries(object).filter(([key]) => !known.has(key));
  return { command, words, extra: Object.fromEntries(extra) as Record<string, JsonValue> };
}

function field(object: Record<string, unknown>, key: string): string | undefined {
  const value = Object.hasOwn(object, key) ? object[key] : undefined;
  if (value === undefined || value === null) return undefined;
  if (typeof value === "string") return value;
  throw invalid(`The message's "${key}" must be a string, found ${show(value)}.`);
}

function commasToSpaces(params: string): string {
  if (!params.includes(",")) return params;
  const parts = params.split(",").map(trimSpace);
  return parts.every(isName) ? parts.join(" ") : params;
}

function invalid(message: string, cause?: unknown): TrError {
  return new TrError("TR_INVALID_ARGUMENT", message, cause === undefined ? undefined : { cause });
}
