// Round trips side by side, in interleaved rounds: raw stdio (JSON lines, length-prefixed) and shared memory.
// node test/round-trip.mjs [--rounds N] [--calls N] [--only text,4 KiB,…]
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { HostCarrier } from "@tr/shared-memory";

const { values: options } = parseArgs({
  options: {
    rounds: { type: "string", default: "9" },
    calls: { type: "string", default: "2000" },
    only: { type: "string", default: "" },
  },
});
const rounds = Number(options.rounds);
const calls = Number(options.calls);
const python = process.env.TR_PYTHON ?? "python3";
const worker = new URL("round_trip.py", import.meta.url).pathname;
const memory = process.platform === "linux" ? "/dev/shm" : tmpdir();
const message = { command: "echo", text: "some 50 bytes of text, more or less" };

function start(mode, env = {}, stdio = []) {
  return spawn(python, [worker, mode], {
    stdio: ["pipe", "pipe", "inherit", ...stdio],
    env: { ...process.env, ...env, TR_HOST_PID: String(process.pid) },
  });
}

function jsonLines() {
  const child = start("json-lines");
  let text = "";
  let settle;
  child.stdout.setEncoding("utf8").on("data", (chunk) => {
    text += chunk;
    const end = text.indexOf("\n");
    if (end < 0) return;
    const line = text.slice(0, end);
    text = text.slice(end + 1);
    settle(JSON.parse(line));
  });
  const call = (value) =>
    new Promise((resolve) => {
      settle = resolve;
      child.stdin.write(`${JSON.stringify(value)}\n`);
    });
  return { call, close: () => child.stdin.end() };
}

/** Two lengths, a JSON text, the bytes of an array. */
function prefixed() {
  const child = start("prefixed");
  let head = Buffer.alloc(0);
  let text = "";
  let payload;
  let filled = 0;
  let settle;
  const done = () => {
    const answer = JSON.parse(text);
    const data = payload && new Float32Array(payload.buffer);
    payload = undefined;
    filled = 0;
    settle(data ?? answer);
  };
  child.stdout.on("data", (chunk) => {
    if (payload === undefined) {
      head = head.length === 0 ? chunk : Buffer.concat([head, chunk]);
      if (head.length < 8) return;
      const length = head.readUInt32LE(0);
      const size = head.readUInt32LE(4);
      if (head.length < 8 + length) return;
      text = head.toString("utf8", 8, 8 + length);
      chunk = head.subarray(8 + length);
      head = Buffer.alloc(0);
      if (size === 0) return done();
      payload = Buffer.allocUnsafeSlow(size);
    }
    filled += chunk.copy(payload, filled);
    if (filled === payload.length) done();
  });
  const send = (value, data) =>
    new Promise((resolve) => {
      settle = resolve;
      const content = Buffer.from(JSON.stringify(value));
      const lengths = Buffer.alloc(8);
      lengths.writeUInt32LE(content.length);
      lengths.writeUInt32LE(data?.byteLength ?? 0, 4);
      child.stdin.write(Buffer.concat([lengths, content]));
      if (data) child.stdin.write(new Uint8Array(data.buffer));
    });
  return {
    call: (value) => send(value),
    square: (x) => send({}, x),
    close: () => child.stdin.end(),
  };
}

const sharedMemory = (mapped) => async () => {
  const directory = mkdtempSync(join(memory, "tr-round-trip-"));
  const carrier = new HostCarrier(directory, { mapped });
  const child = start("memory", { ...carrier.env, TR_SESSION_DIR: directory }, carrier.stdio);
  carrier.attach(child);
  let connection = carrier.connect();
  while (connection === undefined) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    connection = carrier.connect();
  }
  if (mapped && connection.kind !== "mapped") throw new Error(connection.reason);
  const { slots, tensors } = connection;
  const decoder = new TextDecoder();
  let settle;
  slots.onNews = () => {
    const bytes = slots.takeResponse();
    if (bytes === undefined) slots.expect();
    else settle(JSON.parse(decoder.decode(bytes)));
  };
  const call = (value, attached) =>
    new Promise((resolve) => {
      settle = resolve;
      slots.sendRequest(JSON.stringify(value), attached);
      slots.expect();
    });
  const square = async (data) => {
    const putting = tensors.put([
      { tag: "x", tensor: { dtype: "float32", shape: [data.length], data } },
    ]);
    const { field, attached } = putting instanceof Promise ? await putting : putting;
    const answer = await call({ command: "square", memory: field }, attached);
    const taking = tensors.take(answer.memory);
    const taken = taking instanceof Promise ? await taking : taking;
    return taken.get("y").data;
  };
  /** The same between tensors in shared memory: nothing is copied. */
  const squareShared = async (x) => {
    const answer = await call({
      command: "square-shared",
      memory: tensors.put([{ tag: "x", tensor: x }]).field,
    });
    return tensors.take(answer.memory).get("y");
  };
  const close = async () => {
    child.stdin.end();
    await carrier.close();
    rmSync(directory, { recursive: true });
  };
  return { call, square, close, tensors, ...(mapped && { squareShared }) };
};

const quantile = (sorted, q) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))];
const sort = (values) => [...values].sort((a, b) => a - b);
const median = (values) => quantile(sort(values), 0.5);

async function text({ call }) {
  const times = [];
  for (let i = 0; i < calls; i++) {
    const started = performance.now();
    const answer = await call({ ...message, i });
    times.push((performance.now() - started) * 1000);
    if (answer.i !== i) throw new Error(JSON.stringify(answer));
  }
  return sort(times);
}

const squares =
  (bytes, count) =>
  async ({ square }) => {
    const data = new Float32Array(bytes / 4);
    for (let i = 0; i < data.length; i++) data[i] = i % 1000;
    const times = [];
    for (let i = 0; i < count; i++) {
      data[0] = i;
      const started = performance.now();
      const result = await square(data);
      times.push((performance.now() - started) * 1000);
      const last = data.length - 1;
      if (result.length !== data.length || result[0] !== i * i || result[last] !== data[last] ** 2)
        throw new Error("the wrong result");
    }
    return sort(times);
  };

const shared =
  (bytes, count) =>
  async ({ tensors, squareShared }) => {
    const x = tensors.allocate([bytes / 4], "float32");
    x.data.fill(3);
    const times = [];
    for (let i = 0; i < count; i++) {
      const started = performance.now();
      const y = await squareShared(x);
      times.push((performance.now() - started) * 1000);
      if (y.data[bytes / 4 - 1] !== 9) throw new Error("the wrong result");
      tensors.release(y);
    }
    tensors.release(x);
    return sort(times);
  };

const ways = {
  "JSON lines": jsonLines,
  "length-prefixed": prefixed,
  "shared memory": sharedMemory(false),
  mapped: sharedMemory(true),
};
const peers = ["JSON lines", "length-prefixed"];
const works = {
  text,
  "4 KiB": squares(4096, 500),
  "1 MiB": squares(2 ** 20, 40),
  "64 MiB": squares(2 ** 26, 3),
  "200 × 1 MiB": squares(2 ** 20, 200),
};
const only = options.only === "" ? Object.keys(works) : options.only.split(",");
const open = [];
for (const [name, make] of Object.entries(ways)) open.push({ name, ...(await make()) });
for (const title of only.filter((name) => name in works)) {
  const able = open.filter(({ square }) => title === "text" || square);
  const results = able.map(({ name }) => ({ name, p50: [], p99: [] }));
  for (let round = -1; round < rounds; round++) {
    for (const [i, way] of able.entries()) {
      const times = await works[title](way);
      if (round < 0) continue; // a first round that warms up
      results[i].p50.push(quantile(times, 0.5));
      results[i].p99.push(quantile(times, 0.99));
    }
  }
  const rows = results.map(({ name, p50, p99 }) => ({ name, p50: median(p50), p99: median(p99) }));
  const peer = rows.filter(({ name }) => peers.includes(name)).sort((a, b) => a.p50 - b.p50)[0];
  console.log(`${title}: medians of ${rounds} rounds, µs; ratios to ${peer.name}`);
  for (const { name, p50, p99 } of rows) {
    const figures = `p50 ${p50.toFixed(1).padStart(9)}  p99 ${p99.toFixed(1).padStart(9)}`;
    const ratios = `${(p50 / peer.p50).toFixed(2)} / ${(p99 / peer.p99).toFixed(2)}`;
    console.log(`  ${name.padEnd(16)} ${figures}   ${ratios}`);
  }
}

const { call, ...mappedWay } = open.find(({ name }) => name === "mapped");
for (const [title, bytes, count] of [
  ["4 KiB", 4096, 500],
  ["1 MiB", 2 ** 20, 200],
  ["64 MiB", 2 ** 26, 10],
]) {
  if (options.only !== "" && !only.includes("shared tensors")) break;
  const p50 = [];
  const numpy = [];
  for (let round = -1; round < rounds; round++) {
    const times = await shared(bytes, count)(mappedWay);
    const { micros } = await call({ command: "time", bytes });
    if (round < 0) continue;
    p50.push(quantile(times, 0.5));
    numpy.push(micros);
  }
  const figures = `p50 ${median(p50).toFixed(1)} µs, numpy alone ${median(numpy).toFixed(1)} µs`;
  console.log(
    `${title} between shared tensors: ${figures}: ${(median(p50) / median(numpy)).toFixed(2)} ×`,
  );
}
for (const { close } of open) await close();
