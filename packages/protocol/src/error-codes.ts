/** Every code a {@link TrError} can have: a closed list, so that a `switch` over it can be complete. */
export const trErrorCodes = [
  "TR_PYTHON_NOT_FOUND",
  "TR_SCRIPT_NOT_FOUND",
  "TR_START_TIMEOUT",
  "TR_START_FAILED",
  "TR_CALL_TIMEOUT",
  "TR_CANCELLED",
  "TR_PYTHON_ERROR",
  "TR_UNKNOWN_COMMAND",
  "TR_WORKER_CRASHED",
  "TR_NOT_STARTED",
  "TR_SESSION_CLOSED",
  "TR_NEEDS_LEVEL_2",
  "TR_SEGMENT_LOST",
  "TR_INVALID_ARGUMENT",
  "TR_PROTOCOL",
  "TR_UNSUPPORTED_DTYPE",
  "TR_WORKSPACE_FULL",
  "TR_QUEUE_FULL",
  "TR_ACQUIRE_TIMEOUT",
  "TR_SANDBOX_UNREACHABLE",
  "TR_SANDBOX_START_FAILED",
  "TR_SANDBOX_SESSION",
  "TR_TOOL_ERROR",
] as const;

export type TrErrorCode = (typeof trErrorCodes)[number];

/** How a worker process ended. `exitCode` and `signal` are as Node's `exit` event gives them. */
interface ProcessEnd {
  /** The last lines the worker wrote to stderr. */
  stderrTail: string;
  exitCode?: number | null | undefined;
  /** For example `"SIGKILL"`. */
  signal?: string | null | undefined;
}

/** What became of the Python work of a call that was given up. */
export type Stopped =
  /** The worker stopped it and lives on. */
  | "cancelled"
  /** The worker did not yield and was killed. */
  | "killed"
  /** It had not been sent yet. */
  | "unsent";

interface GivenUp {
  stopped?: Stopped | undefined;
  /** Milliseconds. */
  timeoutMs?: number | undefined;
}

/** The fields that sit directly on the error, by code. A code that is not listed has none. */
export interface TrErrorFieldMap {
  TR_PYTHON_NOT_FOUND: { lookedIn: string[] };
  TR_SCRIPT_NOT_FOUND: { script: string };
  TR_START_TIMEOUT: ProcessEnd;
  TR_START_FAILED: ProcessEnd;
  TR_PYTHON_ERROR: { pythonType: string; pythonMessage: string; pythonTraceback: string };
  TR_UNKNOWN_COMMAND: { command: string; commands: string[] };
  TR_WORKER_CRASHED: {
    exitCode: number | null;
    signal: string | null;
    /** Whether the kernel's out-of-memory killer is known to have done it. */
    oom: boolean;
    stderrTail: string;
  };
  TR_CALL_TIMEOUT: GivenUp;
  TR_CANCELLED: GivenUp;
  TR_UNSUPPORTED_DTYPE: { dtype: string; supported: string[] };
  TR_SANDBOX_UNREACHABLE: {
    /** As `http://127.0.0.1:18890`; empty while no server has said its port. */
    url: string;
    /** True: the request had been sent when the connection ended, so the tool may have run. */
    mayHaveRun: boolean;
    /** The HTTP status, of a server that answers but does not serve this client. */
    status?: number | undefined;
  };
  TR_SANDBOX_START_FAILED: {
    /** The last lines of the server's log; empty when nothing was started. */
    logTail: string;
    logFile?: string | undefined;
    exitCode?: number | null | undefined;
    /** For example `"SIGKILL"`. */
    signal?: string | null | undefined;
  };
  /** There is no such session, or it could not be made. */
  TR_SANDBOX_SESSION: ToolAnswer;
  TR_TOOL_ERROR: ToolAnswer;
}

/** What a sandbox's server answered. */
interface ToolAnswer {
  /** As in the HTTP interface: 4001 a tool's own refusal, 5006 out of time, … */
  toolCode: number;
  /** What came with it: the tool's own, or `{ traceback }` of an exception. */
  data: unknown;
}

/** The extra fields of an error with code `C`. */
export type TrErrorFields<C extends TrErrorCode> = C extends keyof TrErrorFieldMap
  ? TrErrorFieldMap[C]
  : unknown;
