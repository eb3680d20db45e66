// Round trips of one text, side by side: raw stdio (JSON lines, length-prefixed) and the control block.
// node test/round-trip.mjs [rounds] [calls]
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { tmpdir } from "node:os";
import { HostCarrier } from "@tr/shared-memory";

const [rounds = 9, calls = 3000] = process.argv.slice(2).map(Number);
const python = process.env.TR_PYTHON ?? "python3";
const worker = new URL("round_trip.py", import.meta.url).pathname;
const memory = process.platform === "linux" ? "/dev/shm" : tmpdir();
const message = { command: "echo", text: "some 50 bytes of text, more or less" };

function start(mode, env = {}, stdio = []) {
  const child = spawn(python, [worker, mode], {
    stdio: ["pipe", "pipe", "inherit", ...stdio],
    env: { ...process.env, ...env, TR_HOST_PID: String(process.pid) },
  });
  return child;
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

function prefixed() {
  const child = start("prefixed");
  let bytes = Buffer.alloc(0);
  let settle;
  child.stdout.on("data", (chunk) => {
    bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
    if (bytes.length < 4) return;
    const length = bytes.readUInt32LE(0);
    if (bytes.length < 4 + length) return;
    const content = bytes.toString("utf8", 4, 4 + length);
    bytes = bytes.subarray(4 + length);
    settle(JSON.parse(content));
  });
  const call = (value) =>
    new Promise((resolve) => {
      settle = resolve;
      const content = Buffer.from(JSON.stringify(value));
      const head = Buffer.alloc(4);
      head.writeUInt32LE(content.length);
      child.stdin.write(Buffer.concat([head, content]));
    });
  return { call, close: () => child.stdin.end() };
}

function block() {
  const directory = mkdtempSync(join(memory, "tr-round-trip-"));
  const carrier = new HostCarrier(directory);
  const child = start("memory", { ...carrier.env, TR_SESSION_DIR: directory }, carrier.stdio);
  carrier.attach(child);
  const { slots } = carrier;
  const decoder = new TextDecoder();
  let settle;
  slots.onNews = () => {
    const bytes = slots.takeResponse();
    if (bytes === undefined) slots.expect();
    else settle(JSON.parse(decoder.decode(bytes)));
  };
  const call = (value) =>
    new Promise((resolve) => {
      settle = resolve;
      slots.sendRequest(JSON.stringify(value));
      slots.expect();
    });
  const close = () => {
    child.stdin.end();
    carrier.close();
    rmSync(directory, { recursive: true });
  };
  return { call, close };
}

const ways = { "JSON lines": jsonLines, "length-prefixed": prefixed, "control block": block };
const quantile = (sorted, q) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))];
const median = (values) => quantile([...values].sort((a, b) => a - b), 0.5);
const open = Object.fromEntries(Object.entries(ways).map(([name, make]) => [name, make()]));
const results = Object.fromEntries(Object.keys(ways).map((name) => [name, { p50: [], p99: [] }]));
for (let round = -1; round < rounds; round++) {
  for (const [name, { call }] of Object.entries(open)) {
    const times = [];
    for (let i = 0; i < calls; i++) {
      const started = performance.now();
      const answer = await call({ ...message, i });
      times.push((performance.now() - started) * 1000);
      if (answer.i !== i) throw new Error(`${name}: ${JSON.stringify(answer)}`);
    }
    if (round < 0) continue; // a first round that warms up
    times.sort((a, b) => a - b);
    results[name].p50.push(quantile(times, 0.5));
    results[name].p99.push(quantile(times, 0.99));
  }
}
for (const { close } of Object.values(open)) close();
const rows = Object.entries(results).map(([name, { p50, p99 }]) => ({
  name,
  p50: median(p50),
  p99: median(p99),
}));
const peer = rows.slice(0, 2).reduce((a, b) => (a.p50 < b.p50 ? a : b));
console.log(`${rounds} rounds of ${calls} calls, µs; ratios to ${peer.name}`);
for (const { name, p50, p99 } of rows) {
  const ratio = `${(p50 / peer.p50).toFixed(2)} / ${(p99 / peer.p99).toFixed(2)}`;
  console.log(`${name.padEnd(16)} p50 ${p50.toFixed(1).padStart(7)}  p99 ${p99.toFixed(1).padStart(8)}   ${ratio}`);
}
