import { TrError, type TrErrorCode } from "@tr/protocol/errors";
import { type Answer, codes } from "./answer.js";

/** An answer without what is known only when it is given. */
export type Reply = Omit<Answer, "meta">;

export const success = (data: unknown): Reply => ({
  code: codes.success,
  message: "success",
  data,
});

export const failure = (code: number, message: string, data: unknown = null): Reply => ({
  code,
  message,
  data,
});

export const missingField = (field: string): Reply =>
  failure(codes.missingField, `${field} is missing`, { field });

export const wrongType = (field: string, expected: string, found: string): Reply =>
  failure(codes.wrongType, `${field} must be ${expected}, found ${found}`, {
    field,
    expected,
    found,
  });

export const closingDown = (): Reply =>
  failure(codes.notInitialized, "the server is shutting down");

/** What `data.session_status` says of a session that could not be made. */
export const failedStatus = "error";

/** The HTTP status that goes with an answer. */
export function httpStatusOf({ code, data }: Reply): number {
  if (code === codes.success) return 200;
  if (code === codes.partialFailure) return 207;
  if (code === codes.noSession) return isFailedSession(data) ? 500 : 404;
  return code >= 4000 && code < 5000 ? 400 : 500;
}

function isFailedSession(data: unknown): boolean {
  const status = (data as { session_status?: unknown } | null)?.session_status;
  return status === failedStatus;
}

/** There is no process, or it died. */
const withoutProcess = new Set<TrErrorCode>([
  "TR_WORKER_CRASHED",
  "TR_START_FAILED",
  "TR_START_TIMEOUT",
  "TR_PYTHON_NOT_FOUND",
  "TR_SCRIPT_NOT_FOUND",
  "TR_NOT_STARTED",
  "TR_SESSION_CLOSED",
]);

/** For what a call fails with without the tool having answered. */
export function failureOf(error: unknown): Reply {
  const message = messageOf(error);
  if (!TrError.is(error)) return failure(codes.internal, message, { error: message });
  if (withoutProcess.has(error.code)) {
    return failure(codes.notInitialized, message, { error: error.code });
  }
  if (error.code === "TR_INVALID_ARGUMENT") return failure(codes.invalidInput, message);
  return failure(codes.internal, message, detailsOf(error));
}

/** What Python raised, or what else went wrong, as `data` shows it. */
export function detailsOf(error: unknown): { error: string; type?: string; traceback?: string } {
  if (!TrError.is(error, "TR_PYTHON_ERROR")) return { error: messageOf(error) };
  const { pythonType: type, pythonMessage, pythonTraceback: traceback } = error;
  return {
    // Not the error's own message: that begins with the name of an internal command.
    error: type ? `${type}: ${pythonMessage}` : error.message,
    ...(type === undefined ? {} : { type }),
    ...(traceback === undefined ? {} : { traceback }),
  };
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
