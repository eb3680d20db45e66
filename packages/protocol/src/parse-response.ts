import type { JsonValue } from "./json.js";
import { isRecord, malformed, parseObject, stringField, textFields } from "./malformed.js";
import { isName } from "./name.js";
import { decodeText, trimSpace } from "./text.js";

export type ResponseKind = "value" | "item" | "progress" | "error";

/** What went wrong in Python. */
export interface ResponseError {
  /** The exception's class name; empty from a level 1 worker. */
  type: string;
  message: string;
  traceback: string;
  module?: string;
  code?: string;
  /** With an unknown command: the known ones. */
  commands?: string[];
  /** What cannot be sent, with the code TR_UNSUPPORTED_DTYPE. */
  dtype?: string;
}

export interface Response {
  level: 1 | 2;
  /** Which request it answers; level 1 does not say. */
  id?: string;
  /** 0, 1, … within one request. */
  seq: number;
  final: boolean;
  kind: ResponseKind;
  text: string;
  /** Tags of the tensors that came with it. Empty in dialect 1: only the reader of the directory can know whether the words in `text` are tags. */
  tensors: string[];
  /** Level 2; still to go through `decodeValue`. */
  value?: JsonValue;
  error?: ResponseError;
  /** Level 2: where the tensors are that come through shared memory, to be checked by who reads them. */
  memory?: unknown;
  command: string;
}

const what = "response";
const kinds: ReadonlySet<unknown> = new Set(["value", "item", "progress", "error"]);

/**
 * Reads `response.json` of either dialect, of both at once, of level 2 (it has an `id`), or bare
 * text, which is anything that does not begin with `{`.
 *
 * Checked by hand rather than by `responseSchema`, because every call waits for this: 0.8 µs for
 * 200 bytes, of which JSON.parse takes 0.7; the schema would add 1.6 and cannot say which field of a
 * union is wrong. A test holds the two to the same answers.
 *
 * @throws TrError TR_PROTOCOL naming the field, what was found and what must be there
 */
export function parseResponse(content: Uint8Array | string): Response {
  const text = trimSpace(decodeText(what, content));
  if (text.charCodeAt(0) !== 0x7b) {
    return { level: 1, seq: 0, final: true, kind: "value", text, tensors: [], command: "" };
  }
  const object = parseObject(what, text);
  const id = object.id ?? undefined;
  const { cmd, params, command } = textFields(what, object);
  const said = stringField(what, object, "message") ?? params;
  const response: Response = {
    level: id === undefined ? 1 : 2,
    seq: 0,
    final: true,
    kind: "value",
    text: said ?? "",
    tensors: readTensors(object.tensors),
    command: command ?? cmd ?? "",
  };
  if (id === undefined) readLevel1(object, said, response);
  else readLevel2(object, id, response);
  if (said === undefined && response.level === 2) response.text = textOf(response);
  return response;
}

/** What a terse worker leaves out, since it is there already. */
function textOf({ value, tensors }: Response): string {
  return typeof value === "string" ? value : tensors.join(",");
}

function readLevel1(
  object: Record<string, unknown>,
  said: string | undefined,
  response: Response,
): void {
  const result = stringField(what, object, "result");
  if (result === undefined && said === undefined) {
    throw malformed(what, "params", undefined, 'there (or "result" or "message")');
  }
  if (result === undefined || result === "ok") return;
  if (result !== "error") throw malformed(what, "result", result, '"ok" or "error"');
  response.kind = "error";
  const error = object.error ?? { message: response.text };
  response.error = readError(error);
}

function readLevel2(object: Record<string, unknown>, id: unknown, response: Response): void {
  const { seq, final, kind, value, memory } = object;
  if (!isName(id)) throw malformed(what, "id", id, "a name");
  if (!Number.isSafeInteger(seq) || (seq as number) < 0) {
    throw malformed(what, "seq", seq, "0, 1, …");
  }
  if (typeof final !== "boolean") throw malformed(what, "final", final, "a boolean");
  if (!kinds.has(kind)) {
    throw malformed(what, "kind", kind, '"value", "item", "progress" or "error"');
  }
  response.id = id;
  response.seq = seq as number;
  response.final = final;
  response.kind = kind as ResponseKind;
  if (value !== undefined) response.value = value as JsonValue;
  if (memory !== undefined) response.memory = memory;
  if (kind === "error") response.error = readError(object.error);
}

function readTensors(tensors: unknown): string[] {
  if (tensors === undefined || tensors === null) return [];
  if (!Array.isArray(tensors)) throw malformed(what, "tensors", tensors, "an array of tags");
  for (const [index, tag] of tensors.entries()) {
    if (!isName(tag)) throw malformed(what, `tensors[${index}]`, tag, "a tag");
  }
  return tensors;
}

function readError(error: unknown): ResponseError {
  if (!isRecord(error)) throw malformed(what, "error", error, "an object");
  const read: ResponseError = {
    type: errorField(error, "type") ?? "",
    message: errorField(error, "message") ?? "",
    traceback: errorField(error, "traceback") ?? "",
  };
  const module = errorField(error, "module");
  const code = errorField(error, "code");
  if (module !== undefined) read.module = module;
  if (code !== undefined) read.code = code;
  const dtype = errorField(error, "dtype");
  if (dtype !== undefined) read.dtype = dtype;
  const { commands } = error;
  if (commands !== undefined && commands !== null) {
    if (!Array.isArray(commands) || !commands.every((name) => typeof name === "string")) {
      throw malformed(what, "error.commands", commands, "an array of strings");
    }
    read.commands = commands;
  }
  return read;
}

function errorField(error: Record<string, unknown>, key: string): string | undefined {
  const value = error[key];
  if (typeof value === "string") return value;
  if (value === undefined || value === null) return undefined;
  throw malformed(what, `error.${key}`, value, "a string");
}
