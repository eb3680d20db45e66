import { type Stopped, TrError } from "@tr/protocol/errors";

/**
 * Why a request that somebody gave up has no answer. Made when it is known what became of the Python
 * work: `undefined` when the worker cannot be stopped and goes on. `fault`: what its clean-up raised.
 */
export type GivenUp = (stopped: Stopped | undefined, fault?: TrError) => TrError;

const ends: Record<Stopped, string> = {
  unsent: " before it was sent",
  cancelled: "",
  killed: "; it did not yield, and the worker was killed (option cancelGraceMs)",
};

/** The caller's signal, or a consumer that left its stream. */
export function cancelled(command: string, signal?: AbortSignal): GivenUp {
  return (stopped, fault) => {
    const end = stopped === undefined ? " before it was answered" : ends[stopped];
    const cause: unknown = signal?.aborted ? signal.reason : fault;
    return new TrError("TR_CANCELLED", `${command} was cancelled${end}`, {
      ...(cause !== undefined && { cause }),
      ...(stopped && { stopped }),
    });
  };
}

/** The limit `timeoutMs`. */
export function timedOut(command: string, timeoutMs: number): GivenUp {
  return (stopped, fault) => {
    const what =
      stopped === "unsent"
        ? "could not be sent, for the worker took no request,"
        : "did not answer";
    return outOfTime(`${command} ${what} within ${timeoutMs} ms`, timeoutMs, stopped, fault);
  };
}

/** The limit `idleTimeoutMs` of a stream. */
export function fellSilent(command: string, timeoutMs: number): GivenUp {
  return (stopped, fault) =>
    outOfTime(
      `${command} gave nothing for ${timeoutMs} ms (idleTimeoutMs)`,
      timeoutMs,
      stopped,
      fault,
    );
}

function outOfTime(
  what: string,
  timeoutMs: number,
  stopped: Stopped | undefined,
  fault: TrError | undefined,
): TrError {
  return new TrError("TR_CALL_TIMEOUT", `${what}${stopped === "killed" ? ends.killed : ""}`, {
    timeoutMs,
    ...(fault && { cause: fault }),
    ...(stopped && { stopped }),
  });
}

/** The end of a worker that its host kills with SIGKILL; `stderrTail` comes with it. */
export function killedBecause(why: string, stderrTail: string): TrError {
  return new TrError("TR_WORKER_CRASHED", `the Python worker was killed: ${why}`, {
    exitCode: null,
    signal: "SIGKILL",
    oom: false,
    stderrTail,
  });
}

export function sessionClosed(): TrError {
  return new TrError("TR_SESSION_CLOSED", "the session is closed; make a new one");
}

export function sessionTerminated(): TrError {
  return new TrError("TR_WORKER_CRASHED", "the session was terminated", {
    exitCode: null,
    signal: null,
    oom: false,
    stderrTail: "",
  });
}
