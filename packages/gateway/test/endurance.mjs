// node --expose-gc endurance.mjs <script> <workspace> <requests>: what each request leaves in memory, as JSON.
import { createGateway } from "@tr/gateway";

const [script, workspace, requests] = process.argv.slice(2);
const gateway = createGateway({
  port: 0,
  log: { level: "silent" },
  chat: { script, workspace, maxConcurrent: 2 },
});
const url = await gateway.listen();
await gateway.ready();
const headers = {
  authorization: `Bearer ${gateway.token}`,
  "content-type": "application/json",
};
const ended = { completed: 0, error: 0, client_disconnected: 0 };

/** Every fifth agent fails; every fifth client leaves in the middle. */
async function ask(number) {
  const wish = { events: 3, marker: `m${number}`, bytes: 1000 };
  if (number % 5 === 1) wish.fail = "on purpose";
  if (number % 5 === 2) wish.hangs = true;
  const control = new AbortController();
  const body = JSON.stringify({ question: JSON.stringify(wish), session_id: `m${number}` });
  const init = { method: "POST", headers, body, signal: control.signal };
  let text = "";
  try {
    const response = await fetch(`${url}/chat/stream`, init);
    const decoder = new TextDecoder();
    for await (const chunk of response.body) {
      text += decoder.decode(chunk, { stream: true });
      if (wish.hangs && text.includes('"thinking"')) control.abort();
    }
  } catch (error) {
    if (!control.signal.aborted) throw error;
  }
  const status = wish.hangs
    ? "client_disconnected"
    : /"completed".*"status":"(\w+)"/.exec(text)?.[1];
  ended[status]++;
}

const health = async () => (await fetch(`${url}/health`, { headers })).json();
const residentOf = (text) => {
  const sizes = text.matchAll(/^tr_worker_resident_memory_bytes\{.*\} (\d+)$/gm);
  return [...sizes].reduce((sum, [, bytes]) => sum + Number(bytes), 0);
};

async function measure() {
  while ((await health()).active_sessions > 0) await new Promise(setImmediate);
  globalThis.gc();
  globalThis.gc();
  await new Promise((resolve) => setTimeout(resolve, 1100)); // a worker tells of its memory once a second
  globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  const metrics = await (await fetch(`${url}/metrics`, { headers })).text();
  return { heap: heapUsed + external, workers: residentOf(metrics) };
}

let number = 0;
async function run(upTo) {
  const one = async () => {
    while (number < upTo) await ask(number++);
  };
  await Promise.all([one(), one(), one(), one()]);
  return measure();
}

// Until then the ended sessions that are kept become more.
const first = Math.max(250, Math.floor(requests / 4));
const before = await run(first);
const after = await run(Number(requests));
const rest = requests - first;
const { status, available_slots } = await health();
await gateway.close();
console.log(
  JSON.stringify({
    requests: number,
    ended,
    health: status,
    available_slots,
    heapBytesEach: Math.round((after.heap - before.heap) / rest),
    workerBytesEach: Math.round((after.workers - before.workers) / rest),
    heapBytes: after.heap,
  }),
);
