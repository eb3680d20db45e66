import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { findPython } from "@tr/worker-py";
import type { Peer } from "../peer.js";

/** What most people write first: a line of JSON on stdin, a line of JSON on stdout. */
export function stdioJsonPeer(): Peer {
  const script = fileURLToPath(new URL("../workers/stdio_json.py", import.meta.url));
  const { file, args } = findPython({ script });
  const child = spawn(file, [...args, script], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout });
  const ask = async <T>(request: object): Promise<T> => {
    const answer = once(lines, "line");
    child.stdin.write(`${JSON.stringify(request)}\n`);
    const [line] = await answer;
    return JSON.parse(line);
  };
  return {
    name: "raw stdio, JSON lines",
    async start() {
      await ask({ echo: "" });
    },
    echo: (text) => ask({ echo: text }),
    square: async (values) => Float32Array.from(await ask<number[]>({ square: [...values] })),
    async stop() {
      const gone = once(child, "exit");
      child.stdin.end();
      await gone;
    },
  };
}
