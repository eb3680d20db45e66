import { TrError } from "@tr/protocol/errors";
import type { WorkerFacts } from "./first-status.js";
import type { RunningWorker } from "./start-worker.js";

/** How long each step of the stop ladder waits for the process to leave, in ms; `undefined`: for ever. */
export interface StopLadder {
  /** After asking. 0: it is not asked. */
  readonly requestMs: number | undefined;
  /** After SIGTERM to the process group; then comes SIGKILL. */
  readonly termMs: number;
}

/**
 * Asks the worker to leave when it has answered: `exit.flag`; for a worker of the older dialects also
 * the status `exit` and an exit request, which it reads when it looks for its next one. Its stdin stays
 * open: the end of that says that the host is dead, and a worker need not finish its call then.
 */
export function askToLeave(worker: RunningWorker, level: WorkerFacts["level"] | undefined): void {
  const { channel, process } = worker;
  if (process.hasExited) return;
  if (level !== 1) channel.writeSync("exit.flag", "exit");
  else if (channel.exists("request.json")) void askOldWorkerLater(worker);
  else askOldWorker(worker);
}

function askOldWorker({ channel }: RunningWorker): void {
  channel.writeSync("exit.flag", "exit");
  channel.writeSync("status.txt", "exit");
  channel.writeSync(
    "request.json",
    '{"cmd": "exit", "params": "", "command": "exit", "parameters": ""}',
  );
}

/**
 * A request that is there has not been answered, or a worker of dialect 1 is about to remove it: asked
 * now, the worker might leave without the answer, or write `done` over our `exit`. Never rejects: a
 * worker that could not be asked has the rest of the ladder.
 */
async function askOldWorkerLater(worker: RunningWorker): Promise<void> {
  try {
    await worker.channel.waitFor(() => !worker.channel.exists("request.json") || undefined, {
      timeoutMs: undefined,
      keepAlive: false,
    });
    if (!worker.process.hasExited) askOldWorker(worker);
  } catch {
    // TR_SESSION_CLOSED: it has left. TR_WORKSPACE_FULL, TR_PROTOCOL: no room, or no directory any more.
  }
}

/** Asks, then SIGTERM, then SIGKILL of the whole group. True when the worker left because it was asked to. */
export async function stopWorker(
  worker: RunningWorker,
  level: WorkerFacts["level"] | undefined,
  ladder: StopLadder,
): Promise<boolean> {
  const { process } = worker;
  if (ladder.requestMs !== 0 && couldAsk(worker, level)) {
    if (await process.waitForExit(ladder.requestMs)) return true;
  }
  process.kill("SIGTERM");
  if (await process.waitForExit(ladder.termMs)) return false;
  process.kill("SIGKILL");
  await process.waitForExit(undefined);
  return false;
}

/** Whether the worker could be told. A full disk or a directory that is gone is no reason to leave it running. */
function couldAsk(worker: RunningWorker, level: WorkerFacts["level"] | undefined): boolean {
  try {
    askToLeave(worker, level);
    return true;
  } catch (error) {
    if (TrError.is(error)) return false;
    throw error;
  }
}
