import type { TrError } from "@tr/protocol/errors";

/** What a session is doing. One value at a time; {@link nextState} is the only thing that makes a new one. */
export type SessionState =
  /** Never started. */
  | { readonly status: "idle" }
  /** The process runs, the script has not said `ready` yet. */
  | { readonly status: "starting"; readonly pid: number }
  /** Waits for a request. */
  | { readonly status: "ready"; readonly pid: number }
  /** At least one request has been sent and not answered. */
  | { readonly status: "busy"; readonly pid: number; readonly pending: number }
  /** Was asked to leave and has not left yet. */
  | { readonly status: "exiting"; readonly pid: number }
  /** Left because it was asked to, or by itself with exit code 0 while nothing was pending. */
  | { readonly status: "exited"; readonly exitCode?: number; readonly signal?: string }
  /** Left although nobody asked it to, or never became ready. */
  | { readonly status: "crashed"; readonly error: TrError };

export type SessionEvent =
  | { readonly type: "spawned"; readonly pid: number }
  /** A worker that was forked has another pid than what has imported its script. */
  | { readonly type: "ready"; readonly pid: number }
  /** The number of requests that were sent and not answered has changed. */
  | { readonly type: "pending"; readonly pending: number }
  | { readonly type: "stopping" }
  | { readonly type: "left"; readonly exitCode?: number; readonly signal?: string }
  | { readonly type: "failed"; readonly error: TrError };

/** The state after `event`. An event that means nothing in `state` (a late answer of a process that is leaving) leaves it as it is. */
export function nextState(state: SessionState, event: SessionEvent): SessionState {
  switch (event.type) {
    case "spawned":
      return isRunning(state) ? state : { status: "starting", pid: event.pid };
    case "ready":
      return state.status === "starting" ? { status: "ready", pid: event.pid } : state;
    case "pending":
      if (state.status !== "ready" && state.status !== "busy") return state;
      if (event.pending === (state.status === "busy" ? state.pending : 0)) return state;
      return event.pending === 0
        ? { status: "ready", pid: state.pid }
        : { status: "busy", pid: state.pid, pending: event.pending };
    case "stopping":
      return isRunning(state) ? { status: "exiting", pid: state.pid } : state;
    case "left": {
      const { exitCode, signal } = event;
      return {
        status: "exited",
        ...(exitCode !== undefined && { exitCode }),
        ...(signal !== undefined && { signal }),
      };
    }
    case "failed":
      return { status: "crashed", error: event.error };
  }
}

/** Whether a process belongs to this state. */
export function isRunning(
  state: SessionState,
): state is Extract<SessionState, { readonly pid: number }> {
  return "pid" in state;
}
