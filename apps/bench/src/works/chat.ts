import { Agent, request } from "node:http";
import { quantile } from "../quantile.js";
import { takeSample } from "../sample.js";
import type { Work } from "../work.js";

interface ChatAnswer {
  readonly session_id: string;
  readonly question: string;
  readonly events: readonly { readonly session_id: string; readonly content?: string }[];
  readonly total_events: number;
}

/** A question and its answer over kept-alive connections, one after the other and three at a time. */
export const chat: Work = {
  name: "chat",
  title: "POST /chat of an agent that gives back a text of 50 bytes",
  metrics: [
    { key: "p50", title: "p50", unit: "ms", better: "lower" },
    { key: "p99", title: "p99", unit: "ms", better: "lower" },
    { key: "p50of3", title: "3 at once: p50", unit: "ms", better: "lower" },
    { key: "p99of3", title: "p99", unit: "ms", better: "lower" },
  ],
  warmsUp: true,
  onceIfQuick: true,
  takes: ({ group }) => group === "server",
  skips: () => undefined,
  async begin({ kind, place, quick }) {
    if (kind.group !== "server") throw new Error(`${kind.name} is no server`);
    const server = kind.open(place);
    const url = `${await server.start()}/chat`;
    const agent = new Agent({ keepAlive: true });
    const sample = quick ? { calls: 600, ms: 500 } : { calls: 3000, ms: 3000 };
    const timeMs = async (call: number) => {
      const started = performance.now();
      await askChecked(url, agent, call);
      return performance.now() - started;
    };
    const at = async (width: number) => {
      const samples = Array.from({ length: width }, () => takeSample(sample, timeMs));
      return (await Promise.all(samples)).flat();
    };
    return {
      async round() {
        const [one, three] = [await at(1), await at(3)];
        const figures = {
          ...{ p50: quantile(one, 0.5), p99: quantile(one, 0.99) },
          ...{ p50of3: quantile(three, 0.5), p99of3: quantile(three, 0.99) },
        };
        return { figures };
      },
      async end() {
        agent.destroy();
        await server.stop();
      },
    };
  },
};

async function askChecked(url: string, agent: Agent, call: number): Promise<void> {
  const question = `${call} `.padEnd(50, "x");
  const answer = await ask(url, agent, JSON.stringify({ question }));
  const { session_id, events } = answer;
  const isRight =
    answer.question === question &&
    answer.total_events === 3 &&
    events.length === 3 &&
    events[1]?.content === question &&
    events.every((event) => event.session_id === session_id);
  if (!isRight) throw new Error(`a wrong answer to ${question}: ${JSON.stringify(answer)}`);
}

/** Not `fetch`: it takes longer than a server. */
function ask(url: string, agent: Agent, body: string): Promise<ChatAnswer> {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json", "content-length": body.length };
    const sent = request(url, { method: "POST", agent, headers }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk) => (text += chunk));
      response.on("end", () => {
        if (response.statusCode === 200) resolve(JSON.parse(text) as ChatAnswer);
        else reject(new Error(`status ${response.statusCode}: ${text}`));
      });
    });
    sent.on("error", reject).end(body);
  });
}
