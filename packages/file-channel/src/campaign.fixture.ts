import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { programArguments } from "./run-program.fixture.js";

/** How many cases a campaign runs (`pnpm campaign:<name> --size N`), or the short form of the tests. */
export function campaignSize(short: number): number {
  return Number(process.env.TR_CAMPAIGN_SIZE ?? short);
}

/** `pnpm campaign:<name> --seed N`; the ordinary tests always run the same cases. */
export const campaignSeed = Number(process.env.TR_CAMPAIGN_SEED ?? 1);

export const isCampaign = process.env.TR_CAMPAIGN_SIZE !== undefined;

/** Integers below a limit, the same for the same seed (xorshift32). */
export function randomIntegers(seed: number): (limit: number) => number {
  let state = (Math.imul(seed + 1, 0x9e3779b1) ^ 0x3c6ef372) | 0 || 1;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
}

/**
 * A program in a process of its own that does one operation on its channel for each line it gets:
 * `write 7 100`, `writeAsync 7 300000` (100 bytes of value 7 as request.json), `take`, `takeAsync`.
 * It answers with what came of it, and never looks at its directory otherwise: what is there is for
 * the test's own process to see.
 */
const operations = `
  import { createInterface } from "node:readline";
  const answer = (text) => fs.writeSync(1, text + "\\n");
  answer("ready");
  for await (const line of createInterface({ input: process.stdin })) {
    const [what, value, bytes] = line.split(" ");
    const name = "request.json";
    try {
      if (what === "write") channel.writeSync(name, new Uint8Array(+bytes).fill(+value));
      else if (what === "writeAsync") await channel.write(name, new Uint8Array(+bytes).fill(+value));
      else {
        const taken = what === "take" ? channel.takeSync(name) : await channel.take(name);
        answer(taken === undefined ? "nothing" : "taken " + taken[0] + " " + taken.length);
        continue;
      }
      answer("written");
    } catch (error) {
      answer("failed " + error.code + " " + (error.cause?.code ?? "none"));
    }
  }`;

export interface Operator {
  readonly process: ChildProcess;
  /** Undefined when the process is gone. */
  ask(operation: string): Promise<string | undefined>;
  end(): Promise<void>;
}

/** Starts the program; `wrapper` is what runs node. */
export async function startOperator(
  directory: string,
  wrapper: readonly string[] = [],
): Promise<Operator> {
  const [file = "", ...args] = [
    ...wrapper,
    process.execPath,
    ...programArguments(operations, directory),
  ];
  const child = spawn(file, args, {
    cwd: fileURLToPath(new URL("..", import.meta.url)),
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => (await lines.next()).value as string | undefined;
  child.stdin.on("error", () => {}); // EPIPE: it was killed; then there is no answer either
  const first = await next();
  if (first !== "ready") throw new Error(`the program did not start: ${first}`);
  return {
    process: child,
    ask(operation) {
      child.stdin.write(`${operation}\n`);
      return next();
    },
    async end() {
      child.stdin.end();
      await ended;
    },
  };
}
