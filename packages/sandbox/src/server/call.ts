import type { CallContext, Params, ToolAnswer } from "./back-end.js";
import { type Alarm, type Clock, settlesWithin } from "./clock.js";
import type { EndReason } from "./session-state.js";
import type { Tool } from "./tool-registry.js";

/** How long a cancelled tool may take to end before its caller gets the answer without that. */
const cancelGraceMs = 1000;
/** The same where the process is killed if it does not: only its death is waited for. */
const killGraceMs = 5000;

/** Why a call was given up: its time was over, its caller went away, or its session was ended. */
export type Stop = "timeout" | "gone" | EndReason;

export type CallOutcome =
  | { kind: "answered"; answer: ToolAnswer }
  | { kind: "failed"; error: unknown }
  /** `ended`: when the code of a tool that still runs has ended. */
  | { kind: "stopped"; stop: Stop; ended: Promise<void> | undefined };

export interface CallLimits {
  clock: Clock;
  timeoutMs: number | undefined;
  /** Aborted when the caller goes away. */
  caller: AbortSignal;
  /** Aborted with an `EndReason` when the session ends, or of a stateless tool the server. */
  end: AbortSignal;
}

/** Runs a tool until it answers, or until it is stopped and has either ended or shown that it does not. */
export async function call(
  tool: Tool,
  params: Params,
  context: CallContext,
  limits: CallLimits,
): Promise<CallOutcome> {
  const controller = new AbortController();
  const { answer, ended } = tool.host.execute(tool.info.full_name, params, context, controller);
  const stopped = stopOf(limits);
  const first = await Promise.race([
    answer.then(
      (value): CallOutcome => ({ kind: "answered", answer: value }),
      (error: unknown): CallOutcome => ({ kind: "failed", error }),
    ),
    stopped.promise,
  ]);
  stopped.forget();
  if (typeof first !== "string") return first;
  controller.abort(new Error(first));
  const waits = first === "timeout" || limits.caller.aborted;
  const isEnded = waits && (await settlesWithin(limits.clock, ended, graceOf(tool)));
  return { kind: "stopped", stop: first, ended: isEnded ? undefined : ended };
}

/** A server that lets no call run any longer aborts it for its caller, who is still there. */
export function goneBy(caller: AbortSignal): Stop {
  return caller.reason === "shutdown" ? "shutdown" : "gone";
}

/** A plain function goes on whatever is done; only its process can be killed. */
function graceOf({ info, backEnd }: Tool): number {
  if (backEnd?.isolation === "session") return killGraceMs;
  return info.is_async === false ? 0 : cancelGraceMs;
}

function stopOf(limits: CallLimits): { promise: Promise<Stop>; forget(): void } {
  const { clock, timeoutMs, caller, end } = limits;
  const { promise, resolve } = Promise.withResolvers<Stop>();
  const gone = () => resolve(goneBy(caller));
  const ended = () => resolve(end.reason);
  let alarm: Alarm | undefined;
  if (timeoutMs !== undefined) alarm = clock.setTimeout(() => resolve("timeout"), timeoutMs);
  caller.addEventListener("abort", gone);
  end.addEventListener("abort", ended);
  if (end.aborted) ended();
  if (caller.aborted) gone();
  return {
    promise,
    forget() {
      alarm?.cancel();
      caller.removeEventListener("abort", gone);
      end.removeEventListener("abort", ended);
    },
  };
}
