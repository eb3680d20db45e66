import type { WorkerFacts } from "./first-status.js";
import { concurrencyOf } from "./requests.js";
import type { RunningWorker } from "./start-worker.js";
import type { ChosenTransport, TransportKind } from "./transport.js";

export interface SessionInfo {
  readonly sessionId: string;
  readonly pid: number;
  /** The command that starts the interpreter. */
  readonly command: readonly string[];
  /** 2 for a worker made with `tech_renaissance`, 1 for one of the older dialects, which says nothing of itself. */
  readonly level: 1 | 2;
  /** The interpreter's version. Level 2. */
  readonly python?: string;
  /** Versions of the packages that the script had imported when it became ready. Level 2. */
  readonly packages: Readonly<Record<string, string>>;
  /** The names of the `@command` functions. Level 2. */
  readonly commands: readonly string[];
  /** How many requests the worker takes at once. */
  readonly concurrency: number;
  readonly workspace: string;
  /** Which start of the session this process came from, from 1: state that the script kept is lost with each. */
  readonly generation: number;
  /** How requests, answers and tensors travel: by files, through shared memory, or through shared memory that this process has mapped. */
  readonly transport: TransportKind;
  /** Why it is not a faster one; for `"mapped"`, that it is the fastest. */
  readonly transportReason: string;
}

export function sessionInfo(
  sessionId: string,
  worker: RunningWorker,
  facts: WorkerFacts,
  generation: number,
  chosen: ChosenTransport,
): SessionInfo {
  const said = facts.level === 2 ? facts.workerInfo : undefined;
  return {
    sessionId,
    pid: worker.process.pid,
    command: worker.python,
    level: facts.level,
    ...(said && { python: said.python }),
    packages: said?.packages ?? {},
    commands: said?.commands ?? [],
    concurrency: concurrencyOf(facts),
    workspace: worker.workspace,
    generation,
    transport: chosen.kind,
    transportReason: chosen.reason,
  };
}
