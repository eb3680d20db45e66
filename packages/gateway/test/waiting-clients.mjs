// The clients of waiting-streams.mjs: <url> <token>.
import { Agent, request } from "node:http";

const [url, token] = process.argv.slice(2);
const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
const open = [];
const agent = new Agent({ keepAlive: true });

/** Resolves with its first event. */
function wait(number) {
  const body = JSON.stringify({ question: '{"hangs": true}', session_id: `w${number}` });
  return new Promise((resolve, reject) => {
    const sent = request(`${url}/chat/stream`, { method: "POST", headers, agent: false });
    sent.on("response", (response) => response.on("data", resolve).on("error", () => {}));
    sent.on("error", reject).end(body);
    open.push(sent);
  });
}

function health() {
  return new Promise((resolve, reject) => {
    const sent = request(`${url}/health`, { headers, agent }, (response) => {
      let text = "";
      response.on("data", (chunk) => (text += chunk));
      response.on("end", () => resolve(JSON.parse(text)));
    });
    sent.on("error", reject).end();
  });
}

const orders = {
  async open(count) {
    const first = open.length;
    for (let number = 0; number < count; number += 50) {
      const some = Array.from({ length: Math.min(50, count - number) }, (_, i) => i);
      await Promise.all(some.map((i) => wait(first + number + i)));
    }
    return {};
  },
  async health(count) {
    const times = [];
    for (let call = 0; call < count; call++) {
      const started = performance.now();
      await health();
      times.push(performance.now() - started);
    }
    times.sort((a, b) => a - b);
    const at = (share) => Number(times[Math.floor(count * share)].toFixed(2));
    return { p50: at(0.5), p99: at(0.99) };
  },
  async leave() {
    for (const sent of open) sent.destroy();
    for (;;) {
      const told = await health();
      if (told.active_sessions === 0) return told;
    }
  },
};

process.on("message", async (order) => {
  const [[name, value]] = Object.entries(order);
  process.send(await orders[name](value));
});
process.on("disconnect", () => process.exit());
