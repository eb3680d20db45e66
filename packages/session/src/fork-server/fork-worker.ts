import { abortable } from "../abortable.js";
import { forkedEnded, startTimedOut } from "../errors.js";
import type { Place } from "../find-place.js";
import { startTimer } from "../timer.js";
import { type Child, type SpawnOptions, WorkerProcess } from "../worker-process.js";
import { ForkedChild } from "./forked-child.js";
import type { Outcome, Template } from "./template.js";
import { listenForPipes } from "./worker-pipes.js";

export interface ForkOptions {
  readonly sessionId: string;
  readonly place: Place;
  readonly onLine: SpawnOptions["onLine"];
  readonly onSpawn: (child: Child, pid: number) => void;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

/**
 * Has a template that is ready fork a worker for a session's directory. The worker goes on into the
 * script's `serve()` only when this program guards it.
 *
 * @throws TrError `TR_START_FAILED`, `TR_START_TIMEOUT`; the signal's reason
 */
export async function forkWorker(
  template: Template,
  { sessionId, place, onLine, onSpawn, signal, timeoutMs }: ForkOptions,
): Promise<WorkerProcess> {
  const { path: directory, workspace, carrier } = place;
  const memory = carrier !== undefined;
  const listener = await listenForPipes(directory, memory ? 4 : 3);
  const early = Promise.withResolvers<never>();
  const stopTimer = startTimer(timeoutMs, () =>
    early.reject(startTimedOut(timeoutMs, template.stderrTail)),
  );
  try {
    let onEnd = (outcome: Outcome) => {
      if ("error" in outcome) return early.reject(outcome.error);
      early.reject(forkedEnded(outcome.end, template.stderrTail));
      reap();
    };
    const reap = template.fork({ session: sessionId, directory, workspace, memory }, (outcome) =>
      onEnd(outcome),
    );
    const connected = Promise.race([listener.connected, early.promise]);
    const { pid, pipes } = await abortable(connected, signal);
    const child = new ForkedChild(pipes, () => template.hold());
    onEnd = (outcome) => {
      if ("error" in outcome) return; // only of one that was never forked
      child.ended(outcome.end);
      setImmediate(reap); // its group has been killed by then: see WorkerProcess
    };
    onSpawn(child, pid);
    child.stdin?.write("\0"); // it waits for that
    return new WorkerProcess(child, pid, onLine);
  } catch (error) {
    listener.drop();
    signal.throwIfAborted();
    throw error;
  } finally {
    stopTimer();
    listener.close();
  }
}
