import { constants } from "node:os";
import { TrError } from "@tr/protocol/errors";

/** How a worker has ended. */
export interface End {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** What a template says; the numbers are those of the requests to fork. */
export type Report =
  /** It has imported the script. The namespace that its pids are of. */
  | { readonly type: "ready"; readonly pidNamespace: string }
  /** It cannot be forked. */
  | { readonly type: "refused"; readonly reason: string }
  | { readonly type: "failed"; readonly number: number; readonly reason: string }
  | { readonly type: "ended"; readonly number: number; readonly end: End };

/** @throws TrError `TR_PROTOCOL` */
export function parseReport(line: string): Report {
  const report = parseRecord(line);
  const { ready, refused, failed, message, ended, exitCode, signal } = report;
  if (typeof ready === "string") return { type: "ready", pidNamespace: ready };
  if (typeof refused === "string") return { type: "refused", reason: refused };
  if (typeof failed === "number" && typeof message === "string") {
    return { type: "failed", number: failed, reason: message };
  }
  if (typeof ended === "number" && typeof exitCode === "number") {
    return { type: "ended", number: ended, end: { exitCode, signal: null } };
  }
  if (typeof ended === "number" && typeof signal === "number") {
    return { type: "ended", number: ended, end: { exitCode: null, signal: signalName(signal) } };
  }
  throw unexpected(line);
}

function parseRecord(line: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  } catch {
    // it is told below
  }
  throw unexpected(line);
}

function unexpected(line: string): TrError {
  return new TrError(
    "TR_PROTOCOL",
    `the pipe of a fork server: expected a report, found: ${line.slice(0, 200)}`,
  );
}

function signalName(number: number): NodeJS.Signals | null {
  const found = Object.entries(constants.signals).find(([, value]) => value === number);
  return (found?.[0] as NodeJS.Signals | undefined) ?? null; // as Node for signals without a name
}
