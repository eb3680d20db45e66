import { constants } from "node:os";
import { TrError } from "@tr/protocol/errors";

const full = new Set(["ENOSPC", "EDQUOT", "EFBIG"]);

/** The name of a system error: "ENOSPC". */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  if (typeof error.code !== "string") return undefined;
  // libuv has no name for some, EDQUOT among them: the code is then UNKNOWN, or where Node's faster
  // calls fail (openSync) "Unknown system error -122"; `errno` is the system's number, negated.
  if (!/^unknown/i.test(error.code)) return error.code;
  const number = "errno" in error ? error.errno : undefined;
  const known = Object.entries(constants.errno).find(([, value]) => value + Number(number) === 0);
  return known?.[0] ?? error.code;
}

/** The one place that turns a failure of the system into a TrError. */
export function translate(
  error: unknown,
  doing: string,
  directory: string,
  bytes?: number,
): TrError {
  if (TrError.is(error)) return error;
  const errno = errnoOf(error);
  if (errno !== undefined && full.has(errno)) {
    return new TrError(
      "TR_WORKSPACE_FULL",
      `There is no room in ${directory} for ${bytes ?? "more"} bytes (${doing}: ${errno}). Free space there, raise the quota or choose another workspace.`,
      { cause: error },
    );
  }
  const text = error instanceof Error ? error.message : String(error);
  const reason = errno === undefined || text.includes(errno) ? text : `${errno}: ${text}`;
  return new TrError("TR_PROTOCOL", `${doing} in ${directory} failed: ${reason}.${remedy(errno)}`, {
    cause: error,
  });
}

/** Whether there was no room, told as a TrError. */
export function isFull(error: unknown): boolean {
  return TrError.is(error, "TR_WORKSPACE_FULL");
}

/** A write that the system took only a part of, and then nothing more. */
export function shortWrite(name: string, directory: string, bytes: number): TrError {
  return new TrError(
    "TR_WORKSPACE_FULL",
    `There is no room in ${directory} for ${bytes} bytes (writing ${name}: the system takes no more). Free space there or choose another workspace.`,
  );
}

/** Something else than a plain file lies under a name of ours. */
export function planted(name: string, directory: string, found: string, cause?: unknown): TrError {
  return new TrError(
    "TR_PROTOCOL",
    `${name} in ${directory} must be a plain file with one name, found ${found}: it was put there by something that is not part of the session. It is neither read nor followed.`,
    cause === undefined ? undefined : { cause },
  );
}

export function tooLarge(name: string, directory: string, size: number, limit: number): TrError {
  return new TrError(
    "TR_PROTOCOL",
    `${name} in ${directory} is ${size} bytes, more than the ${limit} that are accepted.`,
  );
}

export function shrunk(name: string, directory: string, size: number, read: number): TrError {
  return new TrError(
    "TR_PROTOCOL",
    `${name} in ${directory} ended after ${read} of ${size} bytes: something writes it in place instead of renaming a whole file over it.`,
  );
}

export function closed(): TrError {
  return new TrError("TR_SESSION_CLOSED", "The session was closed while it waited for a file.");
}

function remedy(errno: string | undefined): string {
  switch (errno) {
    case "ENOENT":
    case "ENOTDIR":
      return " The session directory is gone: something removed it while the session ran.";
    case "EMFILE":
    case "ENFILE":
      return " Too many files are open: raise the limit (ulimit -n) or close some.";
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return " Check who owns the directory and whether it may be written.";
    case "EISDIR":
    case "ENOTEMPTY":
    case "EEXIST":
      return " Something that is not part of the session put a directory there.";
    default:
      return "";
  }
}
