import { TrError } from "./errors.js";
import type { JsonValue } from "./json.js";
import { splitWords } from "./text.js";

export interface RequestInput {
  command: string;
  /** The parameters as words separated by spaces. */
  words?: string | undefined;
  /** Every word is the tag of a tensor that was sent and is not yet taken. */
  tags?: boolean | undefined;
  /** Required at level 2. */
  id?: string | undefined;
  level: 1 | 2;
  /** Level 2 only, already through `encodeValue`. */
  args?: JsonValue[] | undefined;
  kwargs?: Record<string, JsonValue> | undefined;
  stream?: boolean | undefined;
  deadlineMs?: number | undefined;
  /** Level 2 only: where the tensors are that go through shared memory. */
  memory?: object | undefined;
  /** Milliseconds since 1970. */
  timestampMs: number;
  /** Further fields of an object message that the user gave. They never override ours. */
  extra?: Record<string, JsonValue> | undefined;
}

/** Fields that only the host writes, whatever the user's message says. */
const hostFields = new Set([
  "cmd",
  "params",
  "command",
  "parameters",
  "timestamp",
  "id",
  "protocol",
  "memory",
]);

/**
 * The text of `request.json`: one object that readers of every dialect understand.
 *
 * Hosts and workers of dialect 1 find `"params":` by a plain text search, so that key stands first
 * at the top level, before anything of the user's that could hold such a key (inside a JSON string
 * the quotes are escaped and the search does not match). The text is put together piece by piece,
 * because an object of JavaScript would sort a user's key such as "1" before all others.
 *
 * @throws TrError TR_INVALID_ARGUMENT for a value that JSON cannot say, or no id at level 2
 */
export function buildRequest(input: RequestInput): string {
  const { command, words = "", tags = false, timestampMs } = input;
  const params = tags ? splitWords(words).join(",") : words;
  const first = { cmd: command, params, command, parameters: words, timestamp: timestampMs };
  return withUserFields({ ...first, ...(input.level === 2 && levelTwoFields(input)) }, input.extra);
}

/**
 * As {@link buildRequest}, with what a worker of level 2 reads and nothing else: for a carrier that
 * no other worker knows.
 */
export function buildTerseRequest(input: RequestInput): string {
  const { command, words } = input;
  const fields = levelTwoFields(input);
  const all = words ? { command, parameters: words, ...fields } : { command, ...fields };
  return withUserFields(all, input.extra);
}

function levelTwoFields({ id, args, kwargs, stream, deadlineMs, memory }: RequestInput): object {
  if (id === undefined) {
    throw new TrError("TR_INVALID_ARGUMENT", "A level 2 request needs an id.");
  }
  // JSON.stringify leaves out what is undefined.
  return { id, protocol: 2, args, kwargs, stream, deadline_ms: deadlineMs, memory };
}

function withUserFields(fields: object, extra: Record<string, JsonValue> | undefined): string {
  const text = toJson(fields);
  if (extra === undefined) return text;
  let more = "";
  for (const [key, value] of Object.entries(extra)) {
    if (!hostFields.has(key) && !isSaid(fields, key))
      more += `,${JSON.stringify(key)}:${toJson(value, key)}`;
  }
  return `${text.slice(0, -1)}${more}}`;
}

/** Not what JSON.stringify has left out. */
function isSaid(fields: object, key: string): boolean {
  return Object.hasOwn(fields, key) && (fields as Record<string, unknown>)[key] !== undefined;
}

function toJson(value: JsonValue | object, key?: string): string {
  const field = key === undefined ? "request" : `request field "${key}"`;
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (cause) {
    // A cycle, a BigInt, or nesting so deep that JSON.stringify overflows the stack.
    throw new TrError(
      "TR_INVALID_ARGUMENT",
      `The ${field} cannot be written as JSON: ${cause instanceof Error ? cause.message : cause}.`,
      { cause },
    );
  }
  if (text === undefined) {
    throw new TrError(
      "TR_INVALID_ARGUMENT",
      `The ${field} cannot be written as JSON: it is a ${typeof value}.`,
    );
  }
  return text;
}
