import { expect, it } from "vitest";
import {
  anyMessage,
  anyText,
  anyValue,
  campaignSeed,
  campaignSize,
  damaged,
  depths,
  describeValue,
  type Kind,
  kinds,
  type Random,
  randomWords,
  Tag,
  toBytes,
} from "../test/fuzz-messages.js";
import { buildRequest } from "./build-request.js";
import { buildCancel, buildCredit, parseCancel, parseCredit } from "./control.js";
import { decodeValue } from "./decode-value.js";
import { encodeValue } from "./encode-value.js";
import { TrError } from "./errors.js";
import { parseHeartbeat } from "./heartbeat.js";
import { buildHostInfo, parseHostInfo } from "./host-info.js";
import type { JsonValue } from "./json.js";
import { isName } from "./name.js";
import { parseMessage } from "./parse-message.js";
import { parseRequest, type Request } from "./parse-request.js";
import { parseResponse } from "./parse-response.js";
import { parseStatus } from "./parse-status.js";
import { parseWorkerInfo } from "./worker-info.js";

/** V8's parser does not recurse: no depth of a file may overflow the stack of what comes after it. */
const deep = [...depths, 5000];
const size = campaignSize(60_000);

const decode = (json: JsonValue) =>
  decodeValue(json, {
    getTensor(tag) {
      if (!isName(tag)) throw new Error(`${tag} is no tag`);
      return new Tag(tag);
    },
  });
const encode = (value: unknown) =>
  encodeValue(value, {
    isTensor: (object) => object instanceof Tag,
    addTensor: (tensor) => (tensor as Tag).tag,
  });

function expectSame(found: string, wanted: string): void {
  if (found !== wanted) throw new Error(`${wanted.slice(0, 500)} became ${found.slice(0, 500)}`);
}

/** What a worker reads of what a host writes of what a worker read. */
function requestAgain(request: Request): void {
  const { level, command, words, id, args, kwargs, stream, deadlineMs } = request;
  const fields = { level, command, words, id, args, kwargs, stream, deadlineMs, timestampMs: 0 };
  let text: string;
  try {
    text = buildRequest(fields);
  } catch (error) {
    // Nested so deep that JSON.stringify gives up: no call gets so far, encodeValue stops at 256.
    if (TrError.is(error, "TR_INVALID_ARGUMENT")) return;
    throw error;
  }
  expectSame(JSON.stringify(parseRequest(text)), JSON.stringify({ ...request, dialect: 2 }));
}

/** Parses; throws when the result does not survive being written and read again. */
const parsers: Record<Kind, (content: Uint8Array | string) => void> = {
  request: (content) => requestAgain(parseRequest(content)),
  response(content) {
    const { id = "none", tensors, value = null } = parseResponse(content);
    if (!isName(id) || !tensors.every(isName)) throw new Error("an id or a tag that is no name");
    const decoded = decode(value);
    expectSame(describeValue(decode(encode(decoded))), describeValue(decoded));
  },
  worker: (content) => void parseWorkerInfo(content),
  host(content) {
    const info = parseHostInfo(content);
    expectSame(JSON.stringify(parseHostInfo(buildHostInfo(info))), JSON.stringify(info));
  },
  heartbeat: (content) => void parseHeartbeat(content),
  cancel(content) {
    const id = parseCancel(content);
    expectSame(parseCancel(buildCancel(id)), id);
  },
  credit(content) {
    const granted = parseCredit(content);
    expectSame([...parseCredit(buildCredit(granted))].join(), [...granted].join());
  },
};

interface Subject {
  next: (random: Random) => Uint8Array | string;
  run: (input: Uint8Array | string) => void;
  code: string;
}

const subjects: Record<string, Subject> = {
  ...Object.fromEntries(
    kinds.map((kind): [string, Subject] => [
      kind,
      {
        next(random) {
          const text = anyMessage(random, kind, deep);
          return random() % 2 ? text : toBytes(random, text);
        },
        run: parsers[kind],
        code: "TR_PROTOCOL",
      },
    ]),
  ),
  "user's message": {
    next: (random) => anyMessage(random, "request", deep),
    run: (text) => void parseMessage(text as string),
    code: "TR_INVALID_ARGUMENT",
  },
  status: {
    next: (random) => toBytes(random, damaged(random, anyText(random))),
    run: (content) => void parseStatus(content),
    code: "none: it never fails",
  },
  value: {
    next: (random) => anyValue(random, 0, deep),
    run(text) {
      const decoded = decode(JSON.parse(text as string) as JsonValue);
      expectSame(describeValue(decode(encode(decoded))), describeValue(decoded));
    },
    code: "TR_PROTOCOL",
  },
};

function fuzz({ next, run, code }: Subject, name: string, count: number) {
  const random = randomWords(campaignSeed);
  const answers = { accepted: 0, refused: 0 };
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0; // a stack costs as much as the check that failed
  const started = performance.now();
  let cpu = process.cpuUsage();
  for (let index = 0; index < count; index++) {
    const input = next(random);
    try {
      run(input);
      answers.accepted++;
    } catch (error) {
      if (!TrError.is(error) || error.code !== code) throw failure(name, index, input, error);
      answers.refused++;
    }
    if (index % 64 !== 63) continue;
    const { user, system } = process.cpuUsage(cpu);
    if (user + system > 1e6) throw failure(name, index, input, "64 inputs took more than a second");
    cpu = process.cpuUsage();
  }
  Error.stackTraceLimit = limit;
  return { ...answers, seconds: (performance.now() - started) / 1000 };
}

function failure(name: string, index: number, input: Uint8Array | string, cause: unknown): Error {
  const base64 = Buffer.from(input as string).toString("base64");
  const what = `${name}, seed ${campaignSeed}, input ${index}: ${String(cause)}`;
  return new Error(`${what}\n${base64}`, { cause });
}

it.each(Object.entries(subjects))(
  "a hostile %s is a TrError of its code, or a value that is the same when written again",
  (name, subject) => {
    const count = Math.ceil(size / Object.keys(subjects).length);
    const { accepted, refused, seconds } = fuzz(subject, name, count);
    if (process.env.TR_CAMPAIGN_SIZE !== undefined) {
      const rate = `${seconds.toFixed(1)} s, ${accepted} accepted, ${refused} refused`;
      console.log(`${name}: ${count} inputs, ${rate}`);
    }
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect(accepted / count).toBeGreaterThan(0.1);
    if (name !== "status") expect(refused / count).toBeGreaterThan(0.005);
  },
  size * 10 + 60_000,
);
