import type { GenerateOverrides } from "../chat/agent-config.js";
import type { Failure } from "../chat/failure.js";

export const taskStates = [
  "queued",
  "running",
  "completed",
  "failed",
  "cancelled",
  "interrupted",
] as const;

export type TaskState = (typeof taskStates)[number];

/** Those that it does not leave again. */
export type EndState = Exclude<TaskState, "queued" | "running">;

export interface Task {
  /** In the order in which they came. */
  readonly seq: number;
  readonly id: string;
  readonly state: TaskState;
  readonly question: string;
  readonly overrides: GenerateOverrides;
  /** It may be run again when it was cut off. */
  readonly idempotent: boolean;
  /** How often it was begun. */
  readonly attempts: number;
  readonly createdMs: number;
  readonly startedMs: number | undefined;
  readonly endedMs: number | undefined;
  /** How many events it has: the id of the last. */
  readonly events: number;
  /** What its question and events take. */
  readonly bytes: number;
  readonly error: Failure | undefined;
}

/** How often one may be begun: it may be what ends the server. */
const maxAttempts = 3;

export function hasEnded({ state }: Pick<Task, "state">): boolean {
  return state !== "queued" && state !== "running";
}

/** Whether one that was cut off goes back into the queue. */
export function mayRunAgain({ idempotent, attempts }: Task): boolean {
  return idempotent && attempts < maxAttempts;
}

/** Why one that was cut off does not. */
export function interruption({ idempotent }: Task): Failure {
  const why = idempotent
    ? `and it was begun ${maxAttempts} times already`
    : "and it is not declared idempotent";
  return { code: "INTERRUPTED", content: `the server ended while the task ran, ${why}` };
}
