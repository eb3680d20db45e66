// node --expose-gc waiting-streams.mjs <script> <workspace> <count>: what so many event streams that wait for
// three slots cost, in memory and in answers of /health, as JSON. The clients are another process.
import { fork } from "node:child_process";
import { once } from "node:events";
import { createGateway } from "@tr/gateway";

const [script, workspace, count] = process.argv.slice(2);
const gateway = createGateway({
  port: 0,
  log: { level: "silent" },
  chat: { script, workspace, maxConcurrent: 3, maxQueue: Number(count) + 10 },
});
const url = await gateway.listen();
await gateway.ready();
const clients = fork(new URL("waiting-clients.mjs", import.meta.url), [url, gateway.token]);
const ask = async (order) => {
  clients.send(order);
  const [answer] = await once(clients, "message");
  return answer;
};

async function memory() {
  for (let round = 0; round < 3; round++) {
    globalThis.gc();
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  return { heap: heapUsed + external, rss };
}

await ask({ open: 20 }); // three run, the others wait: what a first one costs is not counted
const alone = await ask({ health: 500 });
const before = await memory();
await ask({ open: Number(count) });
const after = await memory();
const among = await ask({ health: 500 });
const { active_sessions: active } = await ask({ leave: true });
await gateway.close();
clients.disconnect();
console.log(
  JSON.stringify({
    streams: Number(count),
    heapBytesEach: Math.round((after.heap - before.heap) / count),
    rssBytesEach: Math.round((after.rss - before.rss) / count),
    healthMsAlone: alone,
    healthMs: among,
    activeAfter: active,
  }),
);
