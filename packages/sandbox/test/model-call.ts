import type { ModelSessions } from "./model-sessions.js";
import {
  type Call,
  cancelGraceMs,
  isIsolated,
  killMs,
  type Running,
  type Session,
} from "./model-types.js";

/** Runs a tool in the model. Gives what is to be called when the caller goes away. */
export function runCall(
  sessions: ModelSessions,
  session: Session,
  call: Call,
  reply: (code: number, isOver: boolean) => void,
): () => void {
  const { agenda } = sessions;
  let stopped: number | undefined;
  let hasAnswered = false;
  const answer = (code: number, isOver: boolean) => {
    if (hasAnswered) return;
    hasAnswered = true;
    reply(code, isOver);
  };
  const ended = () => {
    session.running.delete(running);
    sessions.touch(session);
    if (session.phase === "closing" && session.running.size === 0) sessions.cleanUp(session);
    answer(stopped ?? (call.raises ? 5005 : 0), true);
  };
  const stop = (code: number) => {
    if (stopped !== undefined || !session.running.has(running)) return;
    stopped = code;
    forgetTimeout();
    if (call.tool === "run") {
      forgetEnd();
      forgetEnd = agenda.after(call.lingersMs, ended);
    }
    if (!session.running.has(running)) return;
    if (isIsolated(call.type)) {
      agenda.after(killMs, () => {
        if (session.running.has(running)) sessions.die([session]);
      });
      return;
    }
    agenda.after(call.tool === "run" ? cancelGraceMs : 0, () => {
      if (hasAnswered) return;
      running.isStuck = true;
      answer(code, false);
    });
  };
  const running: Running = {
    isStuck: false,
    ends: (reason) => {
      if (stopped !== undefined) return;
      const code = reason === "shutdown" ? 5011 : 4007;
      answer(code, false);
      stop(code);
    },
    crashes: () => {
      session.running.delete(running);
      forgetEnd();
      forgetTimeout();
      answer(stopped ?? 5011, true);
    },
  };
  session.running.add(running);
  sessions.touch(session);
  let forgetTimeout = () => {};
  let forgetEnd = () => {};
  if (call.timeoutMs !== undefined) {
    forgetTimeout = agenda.after(call.timeoutMs, () => stop(5006));
  }
  forgetEnd = agenda.after(call.ms, () => {
    forgetTimeout();
    ended();
  });
  return () => stop(5000);
}
