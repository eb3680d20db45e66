import { TrError } from "@tr/protocol/errors";

/** @param what for example "the control block" */
export function segmentLost(
  what: string,
  expectedBytes: number,
  foundBytes: number | string,
): TrError {
  return new TrError(
    "TR_SEGMENT_LOST",
    `${what}: expected ${expectedBytes} bytes of shared memory, found ${foundBytes}. Something outside of the session has cut or removed its files; start the session again.`,
  );
}

/** What the other side wrote makes no sense. @param what for example "the control block" */
export function malformed(what: string, expected: string, found: unknown): TrError {
  return new TrError("TR_PROTOCOL", `${what}: expected ${expected}, found ${String(found)}`);
}

const fullCodes = ["ENOSPC", "EDQUOT", "EFBIG", "ENOMEM"];

/** What a write into the session directory threw. */
export function writeError(cause: unknown, bytes: number, directory: string): unknown {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === undefined || !fullCodes.includes(code)) return cause;
  return new TrError(
    "TR_WORKSPACE_FULL",
    `${bytes} bytes of shared memory do not fit into the workspace ${directory}: ${message}. Free space there or choose another workspace.`,
    { cause },
  );
}
