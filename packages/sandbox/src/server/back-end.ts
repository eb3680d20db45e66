import type { Isolation } from "./options.js";

/** Arguments of a tool by name, as the request has them: JSON, tensors as `{ "$tsr": base64 }`. */
export type Params = Readonly<Record<string, unknown>>;

/** A tool as its process describes it (`sandbox:load`). */
export interface ToolInfo {
  name: string;
  /** `type:name`; of a stateless one its name. */
  full_name: string;
  resource_type: string | null;
  stateless: boolean;
  description: string;
  /** JSON Schema of the arguments. */
  parameters: object;
  hidden: boolean;
  /** False: a plain function on a thread, which no cancel can stop. Default: true. */
  is_async?: boolean;
}

/** What a tool gave: its own envelope, or one around its value. */
export interface ToolAnswer {
  code: number;
  message: string;
  data: unknown;
  meta: Readonly<Record<string, unknown>>;
}

export interface CallContext {
  worker_id: string;
  /** Null for a stateless tool. */
  session_id: string | null;
  trace_id: string;
}

/** What a session begins with; `config` is the caller's alone. */
export interface SessionSeed {
  session_id: string;
  session_name: string;
  worker_id: string;
  resource_type: string;
  config: object;
  /** ISO 8601. */
  created_at: string;
  temporary: boolean;
}

export interface BackEndState {
  /**
   * `starting`: its process is not there yet; `ready`; `restarting` after a crash; `failed`: it could not
   * be started, or crashed too often; `closed`.
   */
  phase: "starting" | "ready" | "restarting" | "failed" | "closed";
  /** Its class was imported and its tools are known. */
  loaded: boolean;
  warmedUp: boolean;
  /** How often it was warmed up successfully. */
  warmups?: number;
  /** Of the process, or of the spare one with `isolation: "session"`. */
  pid?: number;
  restarts: number;
  /** Why the phase is `failed`, or what the last warm-up failed with. */
  error?: string;
}

/** A call that was sent. */
export interface Running {
  /**
   * Rejects with `TR_WORKER_CRASHED` when the process dies, with the error of the start when there is none,
   * with `TR_INVALID_ARGUMENT` when the arguments cannot travel, with `TR_CANCELLED` after an abort. What
   * the tool raises is an answer.
   */
  answer: Promise<ToolAnswer>;
  /** Resolves when the tool's code has really ended, also after an abort or with its process. Never rejects. */
  ended: Promise<void>;
}

export interface CallOptions {
  /** Cancels the tool: an async one gets `CancelledError`; one on a thread goes on, or is killed with its process. */
  signal: AbortSignal;
}

/** The processes behind some tools: of a back end, or of a module of stateless ones. */
export interface ToolHost {
  /** The type of the resource, or the Python module. */
  readonly name: string;
  readonly state: BackEndState;
  /** Known once it is loaded. */
  readonly tools: readonly ToolInfo[];
  /** Starts the process and imports the class or functions; rejects with what is wrong with them. */
  load(options: { signal?: AbortSignal | undefined }): Promise<void>;
  execute(fullName: string, params: Params, context: CallContext, options: CallOptions): Running;
  /** Python's `shutdown()` unless `force`, then the end of every process. Never rejects. Idempotent. */
  shutdown(options: { force: boolean }): Promise<void>;
}

/** One entry of `resources`. */
export interface BackEnd extends ToolHost {
  readonly isolation: Isolation;
  /** Once, shared by concurrent callers; a failed one is tried again at the next. Resolves at once when warm. */
  warmup(): Promise<void>;
  /** Rejects with what Python's `initialize` raised, or with the death of the process. The core calls `warmup()` before. */
  initialize(session: SessionSeed): Promise<void>;
  /** Rejects with what Python's `cleanup` raised: the session is forgotten all the same. With `isolation: "session"` its process ends after it. */
  cleanup(sessionId: string): Promise<void>;
  /**
   * The process of these sessions died, so nothing can clean them up. Told before the calls and
   * `initialize`s under way reject. A session whose `initialize` has not resolved is among them or not.
   */
  onLost(listener: (sessionIds: "all" | readonly string[], reason: Error) => void): void;
}
