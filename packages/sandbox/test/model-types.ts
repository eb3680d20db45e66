// What the model of the sandbox is about. Nothing of the code under test is used by it.

export const types = ["vm", "rag"] as const;
export const workers = ["w1", "w2"] as const;
export type Type = (typeof types)[number];
export type Step = "warmup" | "initialize" | "cleanup";
export const ttlMs = 1000;
export const cancelGraceMs = 1000;
/** A session of `rag` has a process of its own, which is killed when a cancelled tool goes on for so long. */
export const isIsolated = (type: Type) => type === "rag";
export const killMs = 800;
export const waitMs = 5000;

export interface Call {
  worker: string;
  type: Type;
  tool: "run" | "block";
  ms: number;
  raises: boolean;
  lingersMs: number;
  timeoutMs: number | undefined;
  goneAfterMs: number | undefined;
}

/** What an operation must give; `session` counts the model's sessions. */
export interface Expected {
  code: number;
  session?: number;
  temporary?: boolean;
  note?: boolean;
  count?: number;
}
export type Reply = (expected: Expected) => void;
export type Ending = "destroyed" | "disconnected" | "expired" | "temporary" | "shutdown";

export interface Session {
  id: number;
  worker: string;
  type: Type;
  temporary: boolean;
  phase: "creating" | "open" | "closing" | "cleaning" | "over";
  ending?: Ending;
  /** With which code it could not be made. */
  failure?: number;
  last: number;
  running: Set<Running>;
  onCreated: { first: boolean; run: () => void }[];
  onOver: (() => void)[];
}

export type Problem = "crash" | "raise";

export interface Running {
  isStuck: boolean;
  ends(reason: Ending): void;
  crashes(): void;
}

export interface Mode {
  ms: number;
  raises: boolean;
}

export const isStuck = ({ running }: Session) => [...running].some((call) => call.isStuck);
