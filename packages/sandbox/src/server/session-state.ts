/** Why a session is ended. */
export type EndReason = "destroyed" | "disconnected" | "expired" | "temporary" | "shutdown";

/** What became of a session: `failed`: never initialized; `abandoned`: left to the end of its process. */
export type Outcome = "cleaned" | "failed" | "lost" | "abandoned";

/** The life of a session. `calls` counts tools whose code has not ended yet, `stuck` those of them whose callers have their answer already. */
export type SessionState =
  | { phase: "creating"; end?: EndReason }
  | { phase: "open"; calls: number; stuck: number }
  | { phase: "closing"; reason: EndReason; calls: number }
  | { phase: "cleaning"; reason: EndReason }
  | { phase: "over"; outcome: Outcome };

/** As clients are told. */
export type SessionStatus = "creating" | "active" | "stuck" | "destroying" | "lost" | "expired";

export type SessionEvent =
  | { type: "initialized" }
  | { type: "initialize-failed" }
  | { type: "call-began" }
  | { type: "call-stuck" }
  | { type: "call-ended"; stuck: boolean }
  | { type: "end"; reason: EndReason }
  | { type: "cleaned" }
  /** Its process died: nothing can clean it up. */
  | { type: "lost" }
  /** Its process is about to be ended, and nobody asked for a cleanup. */
  | { type: "abandon" };

export function statusOf(state: SessionState): SessionStatus {
  switch (state.phase) {
    case "creating":
      return state.end ? "destroying" : "creating";
    case "open":
      return state.stuck > 0 ? "stuck" : "active";
    case "closing":
    case "cleaning":
      return state.reason === "expired" ? "expired" : "destroying";
    case "over":
      return state.outcome === "lost" ? "lost" : "destroying";
  }
}

const over = (outcome: Outcome): SessionState => ({ phase: "over", outcome });

/**
 * The only way from one state to the next. `cleaning` is entered once at most, and only from where
 * `initialize` has succeeded, the process lives and no tool's code runs: whoever sees it entered runs
 * the cleanup. An event that means nothing in a state leaves it as it is.
 */
export function next(state: SessionState, event: SessionEvent): SessionState {
  if (state.phase === "over") return state;
  if (event.type === "abandon") return over("abandoned");
  switch (state.phase) {
    case "creating":
      return whileCreating(state, event);
    case "open":
      return whileOpen(state, event);
    case "closing":
      if (event.type === "lost") return over("lost");
      if (event.type !== "call-ended") return state;
      return closing(state.reason, state.calls - 1);
    case "cleaning":
      if (event.type === "lost") return over("lost");
      return event.type === "cleaned" ? over("cleaned") : state;
  }
}

/** A loss says nothing here: `initialize` itself tells whether the session lives, perhaps in the next process. */
function whileCreating(
  state: Extract<SessionState, { phase: "creating" }>,
  event: SessionEvent,
): SessionState {
  switch (event.type) {
    case "initialized":
      return state.end ? closing(state.end, 0) : { phase: "open", calls: 0, stuck: 0 };
    case "initialize-failed":
      return over("failed");
    case "end":
      return { phase: "creating", end: state.end ?? event.reason };
    default:
      return state;
  }
}

function whileOpen(
  state: Extract<SessionState, { phase: "open" }>,
  event: SessionEvent,
): SessionState {
  const { calls, stuck } = state;
  switch (event.type) {
    case "call-began":
      return { phase: "open", calls: calls + 1, stuck };
    case "call-stuck":
      return { phase: "open", calls, stuck: stuck + 1 };
    case "call-ended":
      return { phase: "open", calls: calls - 1, stuck: event.stuck ? stuck - 1 : stuck };
    case "end":
      return closing(event.reason, calls);
    case "lost":
      return over("lost");
    default:
      return state;
  }
}

function closing(reason: EndReason, calls: number): SessionState {
  return calls === 0 ? { phase: "cleaning", reason } : { phase: "closing", reason, calls };
}
