import { once } from "node:events";
import { createInterface } from "node:readline";
import type { ReferenceKind } from "../peer.js";
import { Worker } from "../worker.js";

/** numpy in its own process, asked for nothing: what the work itself takes. */
function numpyKind(name: string, title: string, out: boolean): ReferenceKind {
  return {
    name,
    title,
    group: "reference",
    open(place) {
      const worker = new Worker(place, "numpy_alone.py", [], "pipe");
      const { stdin, stdout } = worker.process;
      if (stdin === null || stdout === null) throw new Error("the worker has no pipes");
      const lines = createInterface({ input: stdout });
      return {
        async start() {},
        async timeMs(floats, calls) {
          const answer = once(lines, "line");
          stdin.write(`${JSON.stringify({ floats, calls, out })}\n`);
          const [line] = await answer;
          return JSON.parse(line);
        },
        stop: () => worker.stop(),
      };
    },
  };
}

export const numpyKinds = [
  numpyKind("numpy", "numpy alone, new array", false),
  numpyKind("numpy-out", "numpy alone, out=", true),
];
