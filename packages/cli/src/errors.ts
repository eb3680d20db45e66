import { TrError } from "@tr/protocol/errors";
import { paint } from "./paint.js";

/** The program was called in a way that makes no sense. */
export class UsageError extends Error {}

/** Says on stderr what a person at a terminal can use, and gives the exit code. */
export function printError(error: unknown): number {
  const say = (text: string) =>
    process.stderr.write(`${paint("red", "tr:", process.stderr)} ${text}\n`);
  if (error instanceof UsageError || isParseError(error)) {
    say(`${error.message}\nSee: tr help`);
    return 2;
  }
  if (TrError.is(error, "TR_PYTHON_ERROR")) {
    process.stderr.write(error.pythonTraceback);
    say(error.message);
    return 1;
  }
  if (TrError.is(error)) {
    say(error.message);
    return 1;
  }
  const { code } = Object(error) as { code?: unknown };
  // An error of the system speaks for itself; anything else is a fault of this program.
  say(
    typeof code === "string" ? (error as Error).message : String((error as Error).stack ?? error),
  );
  return 1;
}

/** What `--json` prints of an error: `code` is the error's own, or `USAGE`. */
export function errorAsJson(error: unknown): { code: string; message: string } {
  const { code, message = String(error) } = Object(error) as { code?: unknown; message?: string };
  return { code: error instanceof UsageError ? "USAGE" : String(code ?? "UNEXPECTED"), message };
}

/** The message of an error without the script's last lines, for where these stand on stderr already. */
export function withoutTail(error: unknown): unknown {
  if (!TrError.is(error) || !("stderrTail" in error) || error.stderrTail === "") return error;
  if (!error.message.endsWith(error.stderrTail)) return error;
  const lines = error.message.slice(0, -error.stderrTail.length).trimEnd().split("\n");
  error.message = lines.slice(0, -1).join("\n"); // the last one announces them
  return error;
}

function isParseError(error: unknown): error is Error {
  const { code } = Object(error) as { code?: unknown };
  return typeof code === "string" && code.startsWith("ERR_PARSE_ARGS");
}
