// The same inputs to the TypeScript packages and to the Python package: every answer, value or
// error code, must be the same. node scripts/differential/run.mjs [--size N] [--seed N]
// npy and safetensors have no reader in Python; responses, status words, heartbeat.json,
// worker.json and host.json are read by the host alone. What the worker writes is compared
// differently: each value that it has decoded comes back in a response, as it would send it.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { crc32 } from "node:zlib";
import * as protocol from "../../packages/protocol/dist/index.js";
import { describeText, describeValue } from "../../packages/protocol/test/fuzz-messages.ts";
import { decode, payloadBytes, readHeader, TsrError } from "../../packages/tsr-codec/dist/index.js";
import { decodeContainer } from "../../packages/tsr-codec/dist/v4.js";
import { inputs, kinds, Tag } from "./inputs.mjs";

const { values: options } = parseArgs({
  options: { size: { type: "string" }, seed: { type: "string" } },
});
const size = Number(options.size ?? process.env.TR_CAMPAIGN_SIZE ?? 20_000);
const seed = Number(options.seed ?? process.env.TR_CAMPAIGN_SEED ?? 1);
const batchSize = Math.min(4000, size);
Error.stackTraceLimit = 0; // a stack costs as much as the check that failed

const { TrError, decodeValue, parseRequest, parseResponse, isName } = protocol;
const describeTensor = ({ dtype, shape, data }) =>
  `${dtype}(${shape})${crc32(payloadBytes({ dtype, shape, data })).toString(16)}`;
const codeOf = (error) => {
  if (TsrError.is(error) || TrError.is(error)) return error.code;
  return `crashed: ${error}`;
};
const attempt = (work) => {
  try {
    return work();
  } catch (error) {
    return codeOf(error);
  }
};
const decoded = (json) => describeValue(decodeValue(json, { getTensor: (tag) => new Tag(tag) }));

function describeRequest(bytes) {
  const { level, dialect, command, words, id = null, ...more } = parseRequest(bytes);
  const texts = [command, words, id].map((text) => (text === null ? "null" : describeText(text)));
  const deadline = describeValue(more.deadlineMs ?? null);
  const values = `${decoded(more.args)} ${decoded(more.kwargs)}`;
  return `${level} ${dialect} ${texts.join(" ")} ${more.stream} ${deadline} ${values}`;
}

function describeJson(bytes) {
  let json;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return "not JSON";
  }
  return decoded(json);
}

const answer = {
  [kinds.flat]: (bytes) => {
    const header = attempt(() => {
      const { version, dtype, shape, elements, headerSize, payloadBytes: size } = readHeader(bytes);
      return `${version} ${dtype}(${shape}) ${elements} ${headerSize} ${size}`;
    });
    return `${attempt(() => describeTensor(decode(bytes)))} ${header}`;
  },
  [kinds.container]: (bytes) =>
    decodeContainer(bytes).then((tensors) => tensors.map(describeTensor).join(" "), codeOf),
  [kinds.request]: (bytes) => attempt(() => describeRequest(bytes)),
  [kinds.value]: (bytes) => attempt(() => describeJson(bytes)),
  [kinds.name]: (bytes) =>
    String(isName(new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes))),
};

/** Ours and theirs are the same; the response in theirs, behind a tab, says the same once more. */
function agrees(kind, ours, theirs) {
  const [text, response] = theirs.split("\t");
  if (text !== ours) return false;
  if (kind !== kinds.value || response === undefined) return true;
  return attempt(() => decoded(parseResponse(response).value ?? null)) === ours;
}

const python = process.env.TR_PYTHON || "python3";
const child = spawn(python, [fileURLToPath(new URL("answers.py", import.meta.url))], {
  stdio: ["pipe", "pipe", "inherit"],
});
const ended = once(child, "exit");

/** The other side's answers to one batch: a length, then lines. */
async function* batches() {
  let held = Buffer.alloc(0);
  for await (const chunk of child.stdout) {
    held = Buffer.concat([held, chunk]);
    while (held.length >= 4 && held.length >= 4 + held.readUInt32LE(0)) {
      const end = 4 + held.readUInt32LE(0);
      yield held.subarray(4, end).toString("utf8").split("\n");
      held = held.subarray(end);
    }
  }
}
const theirs = batches();
const source = inputs(seed, protocol);
const counts = new Map();
const started = performance.now();
let asked = 0;
let disagreements = 0;

function report(index, kind, bytes, ours, found) {
  disagreements++;
  if (disagreements > 20) return;
  const path = join(tmpdir(), `tr-differential-${seed}-${index}.bin`);
  writeFileSync(path, bytes);
  const name = Object.keys(kinds).find((key) => kinds[key] === kind);
  console.log(`seed ${seed}, input ${index} (${name}), kept as ${path}:`);
  console.log(`  TypeScript ${ours.slice(0, 300)}\n  Python     ${found.slice(0, 300)}`);
}

while (asked < size && disagreements === 0) {
  const batch = [];
  const pieces = [];
  for (let i = 0; i < batchSize; i++) {
    const { kind, bytes } = source.next().value;
    const copy = bytes.slice();
    const head = Buffer.alloc(5);
    head.writeUInt32LE(copy.length);
    head[4] = kind;
    batch.push({ kind, bytes: copy });
    pieces.push(head, copy);
  }
  const body = Buffer.concat(pieces);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(body.length);
  child.stdin.write(length);
  child.stdin.write(body);
  const ours = [];
  for (const { kind, bytes } of batch) ours.push(await answer[kind](bytes)); // while Python works
  const { value: found, done } = await theirs.next();
  if (done) throw new Error(`seed ${seed}: Python ended in the batch from input ${asked} on`);
  batch.forEach(({ kind, bytes }, i) => {
    const wanted = ours[i];
    const outcome = /^T[SR]+_\w+|^crashed|^not JSON|^true|^false/.exec(wanted)?.[0] ?? "accepted";
    const key = `${kind} ${outcome}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
    if (wanted.includes("crashed") || !agrees(kind, wanted, found[i] ?? "nothing")) {
      report(asked + i, kind, bytes, wanted, found[i] ?? "nothing");
    }
  });
  asked += batchSize;
}
child.stdin.end();
await ended;
const seconds = (performance.now() - started) / 1000;
for (const [name, kind] of Object.entries(kinds)) {
  const mine = [...counts].filter(([key]) => key.startsWith(`${kind} `));
  const list = mine.sort(([, a], [, b]) => b - a).map(([key, n]) => `${key.slice(2)} ${n}`);
  console.log(`${name}: ${list.join(", ")}`);
}
console.log(
  `${asked} inputs, seed ${seed}, ${seconds.toFixed(1)} s, ${disagreements} disagreements`,
);
process.exitCode = disagreements === 0 ? 0 : 1;
