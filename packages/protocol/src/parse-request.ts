import type { JsonValue } from "./json.js";
import { isRecord, malformed, parseObject, textFields } from "./malformed.js";
import { isName } from "./name.js";
import { decodeText, splitCommand, trimSpace } from "./text.js";

/** A request as a worker reads it. */
export interface Request {
  level: 1 | 2;
  /** 1: only the first dialect's keys. 2: the second's, both, or plain text. */
  dialect: 1 | 2;
  command: string;
  /** The text parameters as they stand (dialect 1: tags joined with commas). */
  words: string;
  id?: string;
  args: JsonValue[];
  kwargs: Record<string, JsonValue>;
  stream: boolean;
  deadlineMs?: number;
}

const what = "request";

/**
 * Reads `request.json` of either dialect, of both at once, of level 2, or plain text.
 *
 * @throws TrError TR_PROTOCOL
 */
export function parseRequest(content: Uint8Array | string): Request {
  const text = trimSpace(decodeText(what, content));
  if (!text.startsWith("{")) {
    const { command, words } = splitCommand(text);
    if (command === "") throw malformed(what, "command", "", "a word");
    return { level: 1, dialect: 2, command, words, args: [], kwargs: {}, stream: false };
  }
  const object = parseObject(what, text);
  const fields = textFields(what, object);
  const command = fields.command ?? fields.cmd;
  if (command === undefined || command === "") {
    throw malformed(what, "command", command, "the name of a command");
  }
  const request: Request = {
    level: 1,
    dialect: fields.command === undefined && fields.parameters === undefined ? 1 : 2,
    command,
    words: fields.parameters ?? fields.params ?? "",
    args: [],
    kwargs: {},
    stream: false,
  };
  return object.protocol === undefined ? request : readLevel2(object, request);
}

function readLevel2(object: Record<string, unknown>, request: Request): Request {
  const { protocol, id, args = [], kwargs = {}, stream = false } = object;
  if (protocol !== 2) throw malformed(what, "protocol", protocol, "2");
  if (!isName(id)) throw malformed(what, "id", id, "a name");
  if (!Array.isArray(args)) throw malformed(what, "args", args, "an array");
  if (!isRecord(kwargs)) throw malformed(what, "kwargs", kwargs, "an object");
  if (typeof stream !== "boolean") throw malformed(what, "stream", stream, "a boolean");
  request.level = 2;
  request.dialect = 2;
  request.id = id;
  request.args = args;
  request.kwargs = kwargs as Record<string, JsonValue>;
  request.stream = stream;
  const deadline = object.deadline_ms ?? undefined;
  if (deadline !== undefined) {
    if (typeof deadline !== "number" || !Number.isFinite(deadline) || deadline < 0) {
      throw malformed(what, "deadline_ms", deadline, "milliseconds, 0 or more");
    }
    request.deadlineMs = deadline;
  }
  return request;
}
