import { TrError } from "@tr/protocol/errors";
import type { NoAnswer } from "./http.js";

/** What every route but the unwrapped ones answers. */
export interface WireAnswer {
  readonly code: number;
  readonly message: string;
  readonly data: unknown;
  readonly meta: Record<string, unknown>;
}

/** The code of "there is no such session, or it could not be made". */
const noSession = 4007;

export function unreachable(url: string, cause: NoAnswer): TrError {
  const { mayHaveRun, message } = cause;
  const text = mayHaveRun
    ? `the connection to ${url} ended before the answer (${message}); what was asked may have been done, so it is not sent again`
    : `no server answers at ${url} (${message}); start one with start() or tr serve --config <file>`;
  return new TrError("TR_SANDBOX_UNREACHABLE", text, { url, mayHaveRun, cause });
}

/** An answer that is none of the sandbox's: the server's own refusal, or another program's. */
export function refusal(url: string, status: number, body: unknown): TrError {
  const { message = "" } = Object(body) as { message?: unknown };
  const said = typeof message === "string" && message !== "" ? ` (${message})` : "";
  if (status === 400) return new TrError("TR_INVALID_ARGUMENT", String(message));
  if (status === 413) {
    const text = `the request is larger than the server takes${said}: raise server.max_body_bytes in its config file`;
    return new TrError("TR_INVALID_ARGUMENT", text);
  }
  const reason = reasons.get(status);
  if (reason === undefined) {
    return new TrError("TR_PROTOCOL", `${url} answers with HTTP status ${status}${said}`);
  }
  const fields = { url, status, mayHaveRun: false };
  return new TrError("TR_SANDBOX_UNREACHABLE", `the server at ${url} ${reason}${said}`, fields);
}

const reasons = new Map([
  [
    401,
    "does not know this client's token; give the option token or set TR_GATEWAY_TOKEN: only a server of the same user is found with its token",
  ],
  [403, "refuses this client"],
  [404, "has no sandbox: is it another server, or are there no resources in its config file?"],
  [503, "does not serve now"],
]);

/** @param action what failed, for the message */
export function toolError(answer: WireAnswer, action: string): TrError {
  if (answer.code === noSession) return sessionError(answer, action);
  const { code: toolCode, data, message } = answer;
  // What Python says of arguments begins with the tool's name already.
  const text = message.startsWith(`${action}: `) ? message : `${action}: ${message}`;
  return new TrError("TR_TOOL_ERROR", `${text} (${toolCode})`, { toolCode, data });
}

/** @param type the session's resource type */
export function sessionError({ code, data, message }: WireAnswer, type: string): TrError {
  const fields = { toolCode: code, data };
  return new TrError("TR_SANDBOX_SESSION", `${type}: ${message} (${code})`, fields);
}
