import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { execa } from "execa";
import { programEnvironment } from "./run-program.js";

/** A program that the page goes on beside. */
export interface Background {
  stop(): Promise<void>;
}

/** Resolves when it has said that it is ready. @throws Error with what it has printed when it ends before that. */
export async function startBackground(args: readonly string[], cwd: string): Promise<Background> {
  const running = execa(process.execPath, args, {
    ...{ cwd, env: programEnvironment, reject: false, all: true, timeout: 60_000 },
  });
  let output = "";
  const ready = new Promise<void>((resolve) => {
    running.all?.on("data", (chunk) => {
      output += chunk;
      if (/(?<!is )\bready\b/.test(output)) resolve(); // not: one part of it is
    });
  });
  const ended = running.then(() => {
    throw new Error(`node ${args.join(" ")} has ended: ${output}`);
  });
  await Promise.race([ready, ended]);
  ended.catch(() => undefined); // by us
  return {
    async stop() {
      running.kill();
      await running;
    },
  };
}

/** A port that nobody listens at. */
export async function freePort(): Promise<string> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return String(port);
}
