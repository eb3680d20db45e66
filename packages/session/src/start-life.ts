import type { TrError } from "@tr/protocol/errors";
import { type StartListeners, spawnWorker, waitUntilStarted } from "./start-worker.js";
import { type Ending, type LifeOptions, terminateLadder, WorkerLife } from "./worker-life.js";
import type { Exit } from "./worker-process.js";

/** A session whose worker is started. */
export interface StartingSession extends LifeOptions, StartListeners {
  readonly sessionId: string;
  onSpawned(life: WorkerLife): void;
  onReady(pid: number): void;
  /** The process has ended, its directory still there. */
  onEnd(exit: Exit, ending: Ending): void;
}

/**
 * Starts a worker and waits until it is ready for requests; one that does not come so far is ended.
 *
 * @throws as {@link spawnWorker}, and why the worker has ended, when nothing of it is left
 */
export async function startLife(session: StartingSession): Promise<void> {
  const { options, sessionId, signal } = session;
  const worker = await spawnWorker(options, sessionId, session);
  const life = new WorkerLife(worker, (exit, ending) => session.onEnd(exit, ending));
  session.onSpawned(life);
  const onAbort = () => {
    life.expectEnd({ reason: signal.reason, isFailure: false });
    void life.stop(terminateLadder);
  };
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    signal.throwIfAborted();
    const facts = await waitUntilStarted(worker, options.startTimeoutMs);
    life.becomesReady(facts, session);
    session.onReady(worker.process.pid);
  } catch (error) {
    life.expectEnd({ reason: error as TrError, isFailure: !signal.aborted });
    await life.stop(terminateLadder);
    await life.gone;
    throw life.ending?.reason;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
