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
const hostFields = [
  "cmd",
  "params",
  "command",
  "parameters",
  "timestamp",
  "id",
  "protocol",
  "memory",
];

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
  const words = input.words ?? "";
  const params = input.tags ? splitWords(words).join(",") : words;
  const fields: [string, JsonValue | object][] = [
    ["cmd", input.command],
    ["params", params],
    ["command", input.command],
    ["parameters", words],
    ["timestamp", input.timestampMs],
  ];
  const taken = new Set(hostFields);
  const add = (key: string, value: JsonValue | object) => {
    taken.add(key);
    fields.push([key, value]);
  };
  const extra = input.extra ?? {};
  if (input.level === 2) {
    if (input.id === undefined) {
      throw new TrError("TR_INVALID_ARGUMENT", "A level 2 request needs an id.");
    }
    add("id", input.id);
    add("protocol", 2);
    if (input.args !== undefined) add("args", input.args);
    if (input.kwargs !== undefined) add("kwargs", input.kwargs);
    if (input.stream !== undefined) add("stream", input.stream);
    if (input.deadlineMs !== undefined) add("deadline_ms", input.deadlineMs);
    if (input.memory !== undefined) add("memory", input.memory);
  }
  for (const [key, value] of Object.entries(extra)) if (!taken.has(key)) fields.push([key, value]);
  return `{${fields.map(([key, value]) => `${JSON.stringify(key)}:${toJson(key, value)}`).join(",")}}`;
}

function toJson(key: string, value: JsonValue | object): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (cause) {
    // A cycle, a BigInt, or nesting so deep that JSON.stringify overflows the stack.
    throw new TrError(
      "TR_INVALID_ARGUMENT",
      `The request field "${key}" cannot be written as JSON: ${cause instanceof Error ? cause.message : cause}.`,
      { cause },
    );
  }
  if (text === undefined) {
    throw new TrError(
      "TR_INVALID_ARGUMENT",
      `The request field "${key}" cannot be written as JSON: it is a ${typeof value}.`,
    );
  }
  return text;
}
