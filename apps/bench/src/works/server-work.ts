import { Agent, request } from "node:http";
import type { ServerKind } from "../peer.js";
import { quantile } from "../quantile.js";
import { takeSample } from "../sample.js";
import type { Work } from "../work.js";

/**
 * Servers live long. Node goes on compiling for about as many requests, in threads of its own, which where
 * cores are few take time from everybody: meanwhile its p99 is three times what it is afterwards.
 */
const warmUp = { calls: 30_000, ms: 30_000 };

/** A request to a server and its answer over kept-alive connections, one after the other and three at a time. */
export function serverWork(
  name: ServerKind["serves"],
  title: string,
  path: string,
  /** Makes the call of that number, and throws when the answer is wrong. */
  callChecked: (post: Post, call: number) => Promise<void>,
): Work {
  return {
    ...{ name, title },
    metrics: [
      { key: "p50", title: "p50", unit: "ms", better: "lower" },
      { key: "p99", title: "p99", unit: "ms", better: "lower" },
      { key: "p50of3", title: "3 at once: p50", unit: "ms", better: "lower" },
      { key: "p99of3", title: "p99", unit: "ms", better: "lower" },
    ],
    warmsUp: true,
    onceIfQuick: true,
    takes: (kind) => kind.group === "server" && kind.serves === name,
    skips: () => undefined,
    async begin({ kind, place, quick }) {
      if (kind.group !== "server") throw new Error(`${kind.name} is no server`);
      const server = kind.open(place);
      const url = `${await server.start()}${path}`;
      const agent = new Agent({ keepAlive: true });
      const post: Post = (body) => postTo(url, agent, JSON.stringify(body));
      const sample = quick ? { calls: 600, ms: 500 } : { calls: 3000, ms: 3000 };
      const timeMs = async (call: number) => {
        const started = performance.now();
        await callChecked(post, call);
        return performance.now() - started;
      };
      const at = async (width: number) => {
        const samples = Array.from({ length: width }, () => takeSample(sample, timeMs));
        return (await Promise.all(samples)).flat();
      };
      if (!quick) await takeSample(warmUp, timeMs);
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
}

export type Post = (body: object) => Promise<unknown>;

/** Not `fetch`: it takes longer than a server. */
function postTo(url: string, agent: Agent, body: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json", "content-length": body.length };
    const sent = request(url, { method: "POST", agent, headers }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk) => (text += chunk));
      response.on("end", () => {
        if (response.statusCode === 200) resolve(JSON.parse(text));
        else reject(new Error(`status ${response.statusCode}: ${text}`));
      });
    });
    sent.on("error", reject).end(body);
  });
}
