// Run by endurance.test.ts with --expose-gc, in a process of its own so that its memory is its own.
// Prints one JSON line: wrong answers, files left, and how both sides' resident size grew.
import { readdirSync } from "node:fs";
import { PythonSession } from "@tr/session";
import { full, tensor } from "@tr/tsr-codec";

const [script, workspace, calls, sessions, callsEach] = process.argv
  .slice(2)
  .map((word, i) => (i < 2 ? word : Number(word)));
let wrong = 0;

/** One call, by turns of text, JSON and a tensor, each with an answer that only it can have. */
async function callOnce(session, i) {
  if (i % 3 === 0) {
    const answer = await session.fetchResponse(`echo text-${i}`);
    if (answer !== `text-${i}`) wrong++;
  } else if (i % 3 === 1) {
    const { value } = await session.call("echo", [{ i, list: [i, `${i}`] }], { kwargs: { k: i } });
    if (value.i !== i || value.list[1] !== `${i}`) wrong++;
  } else {
    const squared = await session.calculate("square", full([8, 8], i % 1000));
    if (!squared.data.every((value) => value === (i % 1000) ** 2)) wrong++;
  }
}

function start() {
  const transport = process.env.TR_TEST_TRANSPORT || "auto";
  const session = new PythonSession({ script, workspace, quiet: true, transport });
  return session.start().then(() => session);
}

async function residentBytes(session) {
  const worker = await session.call("resident_bytes");
  globalThis.gc();
  await new Promise(setImmediate); // finalizers run, then what they held can go
  globalThis.gc();
  const { rss, heapTotal, heapUsed } = process.memoryUsage();
  // Without what V8 keeps in reserve, which grows by megabytes at a time.
  return { host: rss - (heapTotal - heapUsed), heap: heapUsed, worker };
}

const session = await start();
for (let i = 0; i < calls / 2; i++) await callOnce(session, i);
const half = await residentBytes(session);
for (let i = calls / 2; i < calls; i++) await callOnce(session, i);
const end = await residentBytes(session);
// Besides what both sides keep for the next file, which is little.
const isSpare = (name) => /^spare\..+\.tmp$/.test(name);
const leftIn = (one) => {
  const names = readdirSync(one.sessionDir);
  return names.filter(isSpare).length <= 8 ? names.filter((name) => !isSpare(name)) : names;
};
const files = leftIn(session).filter(
  (name) => !/^((host|worker|heartbeat|status)\.|control\.block$)|\.segment$/.test(name),
);
await session.close();

const many = await Promise.all(Array.from({ length: sessions }, start));
await Promise.all(
  many.map(async (one, s) => {
    for (let i = 0; i < callsEach; i++) await callOnce(one, s * callsEach + i);
    files.push(...leftIn(one).filter((name) => /tsr|request|response|tmp/.test(name)));
  }),
);
// Two sizes that take the slow and the fast path of a tensor, after all that.
for (const n of [1, 2 ** 20]) {
  const squared = await many[0].calculate("square", tensor(new Float32Array(n).fill(3), [n]));
  if (squared.data.length !== n || squared.data[n - 1] !== 9) wrong++;
}
await Promise.all(many.map((one) => one.close()));
const grown = (side) => (end[side] - half[side]) / (calls / 2);
console.log(
  JSON.stringify({
    wrong,
    files,
    directories: readdirSync(workspace, { recursive: true }).filter((path) =>
      /tr_session_/.test(path),
    ),
    heapBytesPerCall: grown("heap"),
    hostBytesPerCall: grown("host"),
    workerBytesPerCall: grown("worker"),
  }),
);
