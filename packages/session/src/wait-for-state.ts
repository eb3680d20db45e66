import type { EventEmitter } from "node:events";
import { TrError } from "@tr/protocol/errors";
import type { SessionEvents } from "./session-emitter.js";
import type { SessionState } from "./state.js";
import { startTimer } from "./timer.js";

/** True: the worker waits for a request; false: it is gone; `undefined`: neither yet. */
export function readyVerdict({ status }: SessionState): boolean | undefined {
  if (status === "ready") return true;
  return status === "exited" || status === "crashed" ? false : undefined;
}

/** Resolves to the first verdict on the session's state, or to false when the time is up. */
export function waitForVerdict(
  session: EventEmitter<SessionEvents> & { readonly state: SessionState },
  limitMs: number | undefined,
  signal: AbortSignal | undefined,
  verdict: (state: SessionState) => boolean | undefined,
): Promise<boolean> {
  const now = verdict(session.state);
  if (now !== undefined) return Promise.resolve(now);
  return new Promise((resolve, reject) => {
    const finish = () => {
      stopTimer();
      session.off("state", onState);
      signal?.removeEventListener("abort", onAbort);
    };
    const settle = (found: boolean) => {
      finish();
      resolve(found);
    };
    const onState = (state: SessionState) => {
      const found = verdict(state);
      if (found !== undefined) settle(found);
    };
    const onAbort = () => {
      finish();
      reject(new TrError("TR_CANCELLED", "the wait was cancelled", { cause: signal?.reason }));
    };
    const stopTimer = limitMs === undefined ? () => {} : startTimer(limitMs, () => settle(false));
    session.on("state", onState);
    if (signal?.aborted) onAbort();
    else signal?.addEventListener("abort", onAbort, { once: true });
  });
}
