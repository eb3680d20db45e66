import { abortable } from "../abortable.js";
import { forkedEnded } from "../errors.js";
import type { Place } from "../find-place.js";
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
}

/**
 * Has a template that is ready fork a worker for a session's directory. The worker goes on into the
 * script's `serve()` only when this program guards it.
 *
 * @throws TrError `TR_START_FAILED`; the signal's reason
 */
export async function forkWorker(
  template: Template,
  { sessionId, place, onLine, onSpawn, signal }: ForkOptions,
): Promise<WorkerProcess> {
  const { path: directory, workspace, carrier } = place;
  const memory = carrier !== undefined;
  const listener = await listenForPipes(directory, memory ? 4 : 3);
  try {
    const early = Promise.withResolvers<never>();
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
    signal.throwIfAborted();
    throw error;
  } finally {
    listener.close();
  }
}
