import {
  argsToWords,
  buildRequest,
  buildTerseRequest,
  decodeValue,
  encodeValue,
  type JsonValue,
  parseMessage,
  type RequestInput,
  type WorkerInfo,
} from "@tr/protocol";
import { TrError } from "@tr/protocol/errors";
import { isTensor, type Tensor, tensor } from "@tr/tsr-codec";
import { responseError } from "./errors.js";
import type { WorkerFacts } from "./first-status.js";
import type { Answer, OutgoingRequest } from "./pending-request.js";
import { type TensorFile, tensorFile } from "./tensor-files.js";

export type Message = string | Record<string, unknown>;

/** The request of `call`: arguments and keyword arguments become JSON, tensors anywhere inside become files. */
export function callRequest(
  facts: WorkerFacts,
  /** Unique in the session: the tags are made from it. */
  prefix: string,
  command: string,
  args: readonly unknown[],
  kwargs: Record<string, unknown>,
  stream = false,
): OutgoingRequest {
  if (typeof command !== "string" || !/^\S+$/.test(command)) {
    throw new TrError(
      "TR_INVALID_ARGUMENT",
      `command: expected a name without spaces, found ${JSON.stringify(command)}`,
    );
  }
  if (command === "exit") {
    throw new TrError(
      "TR_INVALID_ARGUMENT",
      "command: exit is the protocol's own word for the end of the worker: use pleaseExit() or close()",
    );
  }
  const tensors: TensorFile[] = [];
  const addTensor = (value: unknown, path: string): string => {
    const tag = `${prefix}_${tensors.length}`;
    const made = value instanceof Uint8Array ? tensor(value, [value.length]) : (value as Tensor);
    tensors.push(tensorFile(tag, made, facts.level, path));
    return tag;
  };
  const isFile = (value: unknown) => value instanceof Uint8Array || isTensor(value);
  const shared = { isTensor: isFile, addTensor, tags: new Map<object, string>() };
  const sentArgs = encodeValue(args, { ...shared, path: "args" }) as JsonValue[];
  // One by one: the names of keyword arguments are no value, and a $ in them needs no escape.
  const sentKwargs: Record<string, JsonValue> = Object.fromEntries(
    Object.entries(kwargs)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, encodeValue(value, { ...shared, path: `kwargs.${name}` })]),
  );
  const hasKwargs = Object.keys(sentKwargs).length > 0;
  if (facts.level === 1 && stream) {
    throw new TrError(
      "TR_NEEDS_LEVEL_2",
      `${command}: this worker speaks protocol level 1, which has no streams`,
    );
  }
  // A worker that lists the command takes its arguments from args; the words are for the others.
  const isListed = facts.level === 2 && facts.workerInfo.commands.includes(command);
  const flat =
    isListed || hasKwargs
      ? undefined
      : argsToWords(args, (value) => shared.tags.get(value as object));
  if (facts.level === 1 && flat === undefined) {
    throw new TrError(
      "TR_NEEDS_LEVEL_2",
      `${command}: this worker speaks protocol level 1, which carries tensors, numbers and strings, not ${hasKwargs ? "keyword arguments" : "nested values"}`,
    );
  }
  return {
    command,
    tensors,
    toText: (id, isTerse, memory) =>
      requestText(isTerse, {
        command,
        ...flat,
        memory,
        level: facts.level,
        timestampMs: Date.now(),
        ...(facts.level === 2 && { id, args: sentArgs }),
        ...(facts.level === 2 && hasKwargs && { kwargs: sentKwargs }),
        ...(stream && { stream }),
      }),
  };
}

function requestText(isTerse: boolean, input: RequestInput): string {
  return isTerse ? buildTerseRequest(input) : buildRequest(input);
}

/** The request of `sendRequest` and `fetch…`: a user's text, JSON or object in one of the dialects. */
export function messageRequest(
  facts: WorkerFacts,
  message: Message,
  isUnreadTag: (word: string) => boolean,
): OutgoingRequest {
  const { command, words, extra } = parseMessage(message);
  const list = words.split(/\s+/).filter((word) => word !== "");
  const tags = list.length > 0 && list.every(isUnreadTag);
  return {
    command,
    tensors: [],
    toText: (id, isTerse) =>
      requestText(isTerse, {
        command,
        words: tags ? list.join(" ") : words,
        tags,
        level: facts.level,
        timestampMs: Date.now(),
        ...(facts.level === 2 && { id }),
        ...(extra && { extra }),
      }),
  };
}

/** The answer, unless it is an error response: that is thrown. */
export function checked(answer: Answer, command: string): Answer {
  if (answer.response.kind === "error") throw responseError(answer.response, command);
  return answer;
}

/** The JavaScript value of an answer to `call`. */
export function answerValue({ response, tensors }: Answer): unknown {
  const [first] = tensors.values();
  if (response.level === 1 || response.value === undefined) {
    return tensors.size > 1 ? [...tensors.values()] : (first ?? response.text);
  }
  return decodeValue(response.value, {
    getTensor: (tag: string) => {
      const found = tensors.get(tag);
      if (found !== undefined) return found;
      throw new TrError(
        "TR_PROTOCOL",
        `the answer holds the tensor ${tag} but does not list it in tensors`,
      );
    },
  });
}

/** How many requests a worker takes at once. */
export function concurrencyOf(facts: WorkerFacts): number {
  return facts.level === 2 ? (facts.workerInfo satisfies WorkerInfo).concurrency : 1;
}

/** An answer as text. A structured result has none of its own: it is given as JSON. */
export function answerText({ response, tensors }: Answer): string {
  const { text, value } = response;
  const hasText = text !== "" || tensors.size > 0 || value === undefined || value === null;
  return hasText || typeof value === "string" ? text : JSON.stringify(value);
}
