import { once } from "node:events";
import { createInterface } from "node:readline";
import { bytesOf, floatsOf } from "../bytes.js";
import type { PeerKind } from "../peer.js";
import { Worker } from "../worker.js";

/** What most people write first: a line of JSON on stdin, a line of JSON on stdout; arrays in base64. */
export const stdioJson: PeerKind = {
  name: "stdio-json",
  title: "raw stdio, JSON lines",
  group: "peer",
  isText: true,
  open(place) {
    const worker = new Worker(place, "json_lines.py", [], "pipe");
    const { stdin, stdout } = worker.process;
    if (stdin === null || stdout === null) throw new Error("the worker has no pipes");
    const lines = createInterface({ input: stdout });
    const ask = async (request: object): Promise<string> => {
      const answer = once(lines, "line");
      stdin.write(`${JSON.stringify(request)}\n`);
      const [line] = await answer;
      return JSON.parse(line);
    };
    return {
      async start() {},
      echo: (text) => ask({ echo: text }),
      async square(values) {
        const answer = await ask({ square: bytesOf(values).toString("base64") });
        return floatsOf(Buffer.from(answer, "base64"));
      },
      stop: () => worker.stop(),
    };
  },
};
