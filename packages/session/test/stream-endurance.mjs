// Streams without end, nearly: prints what the memory of both sides does, and how many tensor files there were.
import { readdirSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { PythonSession } from "@tr/session";

const [script, workspace, items, tensors] = process.argv.slice(2);
const transport = process.env.TR_TEST_TRANSPORT || "auto";
const session = new PythonSession({ script, workspace, quiet: true, transport });
await session.start();

async function memory() {
  await pause(50);
  globalThis.gc();
  globalThis.gc();
  const { heapUsed, arrayBuffers, rss } = process.memoryUsage();
  return { heap: heapUsed + arrayBuffers, host: rss, worker: await session.call("resident_bytes") };
}

const growth = (before, after, count) =>
  Object.fromEntries(
    Object.keys(before).map((key) => [`${key}BytesEach`, (after[key] - before[key]) / count]),
  );

/** A consumer that is slower than the generator. */
async function consume(count) {
  let wrong = 0;
  let next = 0;
  for await (const item of session.stream("count_to", [count])) {
    if (item !== next++) wrong++;
    await new Promise(setImmediate);
    if (next % 200 === 0) await pause(1);
  }
  return next === count ? wrong : -1;
}

/** The most files that were there whenever the consumer looked, and when the worker did. */
async function consumeTensors(count) {
  let [wrong, next, host] = [0, 0, 0];
  const stream = session.stream("arrays", [count, 2 ** 18]);
  let item = await stream.next();
  for (; !item.done; item = await stream.next()) {
    const { number, x } = item.value;
    const files = readdirSync(session.sessionDir).filter((name) => name.endsWith(".tsr"));
    host = Math.max(host, files.length);
    if (number !== next++ || x.data[0] !== number || x.data.at(-1) !== number) wrong++;
    if (next % 50 === 0 && (await session.call("plain", [next])) !== next) wrong++;
  }
  return { wrong: next === count ? wrong : -1, mostFiles: { host, worker: item.value } };
}

await consume(Math.ceil(items / 10)); // both sides have grown to what they need
await consumeTensors(20);
const before = await memory();
const started = performance.now();
const wrong = await consume(Number(items));
const seconds = (performance.now() - started) / 1000;
const between = await memory();
const large = await consumeTensors(Number(tensors));
const after = await memory();
const result = {
  items: {
    count: Number(items),
    wrong,
    perSecond: items / seconds,
    ...growth(before, between, items),
  },
  tensors: { count: Number(tensors), ...large, ...growth(between, after, tensors) },
  files: readdirSync(session.sessionDir).filter((name) => name.endsWith(".tsr")),
  rssMiB: { host: after.host / 2 ** 20, worker: after.worker / 2 ** 20 },
};
await session.close();
console.log(JSON.stringify(result));
