import type { Response } from "@tr/protocol";
import { TrError } from "@tr/protocol/errors";
import { dtypes } from "@tr/tsr-codec";
import type { Exit } from "./worker-process.js";

/** The error that an error response stands for. Made where the caller waits, so that its stack names the caller. */
export function responseError(response: Response, command: string): TrError {
  const { error } = response;
  const message = error?.message ?? response.text;
  const named = message.startsWith(command) ? message : `${command}: ${message}`;
  switch (error?.code) {
    case "TR_UNKNOWN_COMMAND":
      return new TrError("TR_UNKNOWN_COMMAND", message, {
        command,
        commands: error.commands ?? [],
      });
    case "TR_UNSUPPORTED_DTYPE":
      return new TrError("TR_UNSUPPORTED_DTYPE", named, {
        dtype: error.dtype ?? "unknown",
        supported: [...dtypes],
      });
    case "TR_CANCELLED": // nobody on this side did: the function raised it itself
    case "TR_INVALID_ARGUMENT":
    case "TR_NEEDS_LEVEL_2":
    case "TR_PROTOCOL":
    case "TR_SEGMENT_LOST":
    case "TR_WORKSPACE_FULL":
      return new TrError(error.code, named);
  }
  const pythonType = error?.type || "Error"; // level 1 has no types
  const pythonTraceback = error?.traceback ?? "";
  const made = new TrError("TR_PYTHON_ERROR", `${command}: ${pythonType}: ${message}`, {
    pythonType,
    pythonMessage: message,
    pythonTraceback,
  });
  made.stack = [made.stack ?? String(made), ...pythonFrames(pythonTraceback)].join("\n");
  return made;
}

/** What stopping a command raised, if that is more than the word that it was stopped. */
export function cleanUpError(response: Response, command: string): TrError | undefined {
  const { kind, error } = response;
  if (kind !== "error" || error?.code === "TR_CANCELLED") return undefined;
  return responseError(response, command);
}

/** The frames of a Python traceback in the form of a JavaScript stack, innermost first. */
function pythonFrames(traceback: string): string[] {
  const frames = [...traceback.matchAll(/^ *File "(.+)", line (\d+), in (.+)$/gm)];
  return frames.reverse().map(([, file, line, name]) => `    at ${name} (${file}:${line})`);
}

/** Why a worker that nobody asked to leave is gone. */
export function crashError(exit: Exit, stderrTail: string, lastStatus?: string): TrError {
  const { exitCode, signal, oom } = exit;
  const said = /^(error|terminated)/.test(lastStatus ?? "")
    ? `; its last status was "${lastStatus?.trim()}"`
    : "";
  // What such a worker writes first, `error:…`, is replaced within the same millisecond.
  const oldManners =
    exitCode === 0 && lastStatus === "terminated"
      ? "; a worker of the oldest dialect leaves like this, without an answer, when it does not know the command"
      : "";
  return new TrError(
    "TR_WORKER_CRASHED",
    `the Python worker is gone: ${howItEnded(exit)}${said}${oldManners}${lastLines(stderrTail)}`,
    {
      exitCode,
      signal,
      oom,
      stderrTail,
    },
  );
}

/** @param python the command that started the interpreter */
export function startFailed(exit: Exit, stderrTail: string, python: readonly string[]): TrError {
  const { exitCode, signal } = exit;
  return new TrError(
    "TR_START_FAILED",
    `the Python worker ended before it was ready: ${howItEnded(exit)}${remedy(stderrTail, python)}${lastLines(stderrTail)}`,
    { exitCode, signal, stderrTail },
  );
}

/** What to do about the last line, where that is known. */
function remedy(stderrTail: string, python: readonly string[]): string {
  const [, module] =
    /^ModuleNotFoundError: No module named '([^'.]+)[^']*'$/m.exec(
      stderrTail.split("\n").at(-1) ?? "",
    ) ?? [];
  if (module === undefined) return "";
  const command = python.join(" ");
  return `; ${command} has no module ${module}. If it is a package: ${command} -m pip install ${module}, or choose another interpreter with the option python`;
}

function howItEnded({ exitCode, signal, oom }: Exit): string {
  if (oom)
    return "killed by the kernel (SIGKILL), because the machine or its limit was out of memory";
  return signal === null ? `exit code ${exitCode}` : `signal ${signal}`;
}

export function startTimedOut(timeoutMs: number, stderrTail: string): TrError {
  return new TrError(
    "TR_START_TIMEOUT",
    `the Python worker was not ready within ${timeoutMs} ms (option startTimeoutMs)${lastLines(stderrTail)}`,
    { stderrTail },
  );
}

/** `error.code` of the system and the command that it refused to run. */
export function spawnFailed(command: readonly string[], cause: unknown): TrError {
  return new TrError(
    "TR_START_FAILED",
    `${command.join(" ")} cannot be run: ${(cause as Error).message}`,
    { cause, stderrTail: "" },
  );
}

const forkServer = 'option spawn: "fork-server"';
const servesNot =
  'a script that does not call serve() of tech_renaissance, as one with its own loop or an older module beside it, needs spawn: "process"';

/** Why the process that imports a script for its workers has ended before it was ready. */
export function templateEnded(exit: Exit, stderrTail: string, python: readonly string[]): TrError {
  const { exitCode, signal } = exit;
  const advice = remedy(stderrTail, python) || `; ${servesNot}`;
  return new TrError(
    "TR_START_FAILED",
    `${forkServer}: the script did not come to serve(): ${howItEnded(exit)}${advice}${lastLines(stderrTail)}`,
    { exitCode, signal, stderrTail },
  );
}

export function templateTimedOut(timeoutMs: number, stderrTail: string): TrError {
  return new TrError(
    "TR_START_TIMEOUT",
    `${forkServer}: the script did not come to serve() within ${timeoutMs} ms (option startTimeoutMs); ${servesNot}${lastLines(stderrTail)}`,
    { stderrTail },
  );
}

/** @param reason why it cannot be forked, and what to do about it */
export function templateRefused(reason: string, stderrTail: string): TrError {
  return new TrError("TR_START_FAILED", `${forkServer}: ${reason}${lastLines(stderrTail)}`, {
    stderrTail,
  });
}

/** The system has refused to. */
export function forkFailed(reason: string): TrError {
  return new TrError("TR_START_FAILED", `${forkServer}: no worker can be forked: ${reason}`, {
    stderrTail: "",
  });
}

/** A worker that has not come to its session. @param stderrTail of the process that forked it */
export function forkedEnded(
  { exitCode, signal }: Pick<Exit, "exitCode" | "signal">,
  stderrTail: string,
): TrError {
  const how = howItEnded({ exitCode, signal, oom: false });
  return new TrError(
    "TR_START_FAILED",
    `${forkServer}: the forked worker ended before it had reached its session: ${how}${lastLines(stderrTail)}`,
    { exitCode, signal, stderrTail },
  );
}

function lastLines(stderrTail: string): string {
  return stderrTail === "" ? "" : `\nThe last lines it wrote to stderr:\n${stderrTail}`;
}

export function withoutId(bytes: Uint8Array): TrError {
  const start = new TextDecoder().decode(bytes.subarray(0, 200));
  return new TrError(
    "TR_PROTOCOL",
    `response.json: expected the field id, as a worker of level 2 gives it, found: ${start}`,
  );
}
