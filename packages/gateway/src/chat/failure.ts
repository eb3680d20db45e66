import { TrError } from "@tr/pool";
import { EventError } from "./event-json.js";

/** Why a session has ended before its agent has. */
export type StopReason = "client" | "shutdown";

/** What the client is told; the log has the error itself. */
export interface Failure {
  readonly code: string;
  readonly content: string;
}

export const shuttingDown: Failure = {
  code: "SHUTTING_DOWN",
  content: "the server is shutting down; ask again a moment later",
};

/** How much of a message is sent: a Python exception may have any. */
const maxContent = 4000;

/** Tracebacks and what a script has printed stay in the log: they are for who runs the server. */
export function failureOf(error: unknown): Failure {
  const { code, content } = wholeFailureOf(error);
  return {
    code,
    content: content.length > maxContent ? `${content.slice(0, maxContent)}…` : content,
  };
}

function wholeFailureOf(error: unknown): Failure {
  if (error instanceof EventError) return { code: "BAD_EVENT", content: error.message };
  if (!TrError.is(error)) return { code: "INTERNAL", content: "the gateway failed; see its log" };
  const { code } = error;
  switch (error.code) {
    case "TR_PYTHON_ERROR":
      return { code, content: `${error.pythonType}: ${error.pythonMessage}` };
    case "TR_ACQUIRE_TIMEOUT":
      return { code, content: "the server is busy: no slot became free in time; try again later" };
    case "TR_QUEUE_FULL":
      return { code, content: "the server is busy: too many wait already; try again later" };
    case "TR_SESSION_CLOSED":
      return shuttingDown;
    case "TR_WORKER_CRASHED":
    case "TR_START_FAILED":
    case "TR_START_TIMEOUT":
      return { code, content: "the Python worker has ended unexpectedly; try again" };
    default:
      return { code, content: error.message };
  }
}
