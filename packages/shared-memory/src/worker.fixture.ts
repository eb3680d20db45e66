import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Tensor } from "@tr/tsr-codec";
import { type Connection, HostCarrier } from "./host-carrier.js";
import { loadNative } from "./native.js";

export type Message = Record<string, unknown>;

export interface TestWorker {
  readonly directory: string;
  readonly child: ChildProcess;
  readonly connection: Connection;
  /** One message at a time. */
  call(message: Message, attached?: Uint8Array): Promise<Message>;
  /** With tensors there and back; everything that can be a promise is awaited. */
  send(message: Message, ...tensors: Tensor[]): Promise<Map<string, Tensor>>;
  close(): Promise<void>;
}

/** Every way in which the two sides can meet; the last two are what other platforms get. */
export const ways = {
  mapped: { mapped: true, words: [] },
  "by file": { mapped: false, words: [] },
  "mapped by the host alone": { mapped: true, words: ["file-block"] },
  "by file on both sides": { mapped: false, words: ["file-block", "no-maps"] },
} as const;

/** Why a way cannot be tried on this machine. */
export function missing({ mapped }: { mapped: boolean }): string | undefined {
  const native = loadNative();
  return mapped && typeof native === "string" ? native : undefined;
}

const script = fileURLToPath(new URL("../test/worker.py", import.meta.url));
const sources = fileURLToPath(new URL("../../../python/src", import.meta.url));

export async function startWorker(
  { mapped, words }: { mapped: boolean; words: readonly string[] },
  directory = makeDirectory(),
): Promise<TestWorker> {
  const carrier = new HostCarrier(directory, { mapped });
  const path = [sources, process.env.PYTHONPATH].filter(Boolean).join(delimiter);
  const child = spawn(process.env.TR_PYTHON || "python3", [script, ...words], {
    stdio: ["pipe", "inherit", "inherit", ...carrier.stdio],
    env: {
      ...process.env,
      ...carrier.env,
      PYTHONPATH: path,
      TR_SESSION_DIR: directory,
      TR_HOST_PID: String(process.pid),
    },
  });
  carrier.attach(child);
  child.stdin?.on("error", () => {}); // it is gone already
  const exited = once(child, "exit");
  await Promise.race([once(carrier.bell as NonNullable<typeof carrier.bell>, "data"), exited]);
  const connection = carrier.connect();
  if (connection === undefined) throw new Error("the worker has opened nothing");
  const { slots, tensors } = connection;
  let settle: ((answer: Message) => void) | undefined;
  let fail: ((error: unknown) => void) | undefined;
  slots.onNews = () => {
    try {
      const bytes = slots.takeResponse();
      if (bytes === undefined) slots.expect();
      else {
        const end = bytes.indexOf(0);
        following = end < 0 ? undefined : bytes.slice(end + 1);
        settle?.(
          JSON.parse(Buffer.from(bytes.subarray(0, end < 0 ? bytes.length : end)).toString()),
        );
      }
    } catch (error) {
      fail?.(error);
    }
  };
  /** What followed the text of the last answer. */
  let following: Uint8Array | undefined;
  const call = (message: Message, attached?: Uint8Array): Promise<Message> =>
    new Promise((resolve, reject) => {
      settle = resolve;
      fail = reject;
      slots.sendRequest(JSON.stringify(message), attached);
      slots.expect();
    });
  const send = async (message: Message, ...given: Tensor[]): Promise<Map<string, Tensor>> => {
    const placed = await tensors.put(given.map((tensor, i) => ({ tag: String(i), tensor })));
    if (placed === undefined) throw new Error("every segment is lent");
    const answer = await call({ ...message, memory: placed.field }, placed.attached);
    if (answer.code !== undefined) throw Object.assign(new Error(String(answer.message)), answer);
    return tensors.take(answer.memory ?? { segments: [], tensors: {} }, following);
  };
  const close = async () => {
    child.stdin?.end();
    await exited;
    await carrier.close();
    rmSync(directory, { recursive: true, force: true });
  };
  return { directory, child, connection, call, send, close };
}

function makeDirectory(): string {
  const memory = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
  return mkdtempSync(join(memory, "tr-memory-test-"));
}
