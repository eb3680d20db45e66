import { rmSync } from "node:fs";
import { TrError } from "@tr/protocol/errors";
import type { HostCarrier } from "@tr/shared-memory";
import type { ResolvedOptions } from "./options.js";
import {
  makeSessionDirectory,
  type SessionDirectory,
  sweepWorkspace,
  temporaryWorkspace,
} from "./workspace.js";

/** Where a session's files are, and the shared memory that its worker is offered. */
export interface Place extends SessionDirectory {
  readonly carrier?: HostCarrier;
  /** Why there is none. */
  readonly noCarrier?: string;
}

/**
 * Makes the session's directory, and the shared memory in it if that is wanted. Where there is no room
 * for them, the directories of dead sessions are removed; if that is not enough, the session goes to
 * the temporary directory, with a warning; and if there is none there either, it uses files.
 *
 * @throws TrError `TR_INVALID_ARGUMENT` as {@link makeSessionDirectory}, `TR_WORKSPACE_FULL`
 */
export async function findPlace(options: ResolvedOptions, sessionId: string): Promise<Place> {
  const wish = options.transport;
  if (wish === "file" || (wish === "auto" && process.platform === "win32")) {
    const noCarrier = wish === "file" ? 'the option transport is "file"' : notOnWindows;
    return { ...makeSessionDirectory(options, sessionId), noCarrier };
  }
  // Not at the top: a session that uses files starts without it.
  const { HostCarrier } = await import("@tr/shared-memory");
  const make = (workspace: string | undefined): Place => {
    const place = makeSessionDirectory({ ...options, workspace }, sessionId);
    try {
      return { ...place, carrier: new HostCarrier(place.path) };
    } catch (error) {
      rmSync(place.path, { recursive: true, force: true });
      throw error;
    }
  };
  const full = orFull(() => make(options.workspace));
  if (!TrError.is(full)) return full;
  sweepWorkspace(options);
  const again = orFull(() => make(options.workspace));
  if (!TrError.is(again)) return again;
  const other = temporaryWorkspace();
  const elsewhere = orFull(() => make(other));
  if (!TrError.is(elsewhere)) {
    const message = `${full.message} The session uses ${other} instead.`;
    return { ...elsewhere, warning: new TrError("TR_WORKSPACE_FULL", message, { cause: full }) };
  }
  if (wish === "shared-memory") throw full;
  return { ...makeSessionDirectory(options, sessionId), noCarrier: full.message };
}

const notOnWindows =
  'on Windows shared memory is used only with the option transport: "shared-memory"';

/** @throws everything but `TR_WORKSPACE_FULL` */
function orFull(make: () => Place): Place | TrError<"TR_WORKSPACE_FULL"> {
  try {
    return make();
  } catch (error) {
    if (TrError.is(error, "TR_WORKSPACE_FULL")) return error;
    throw error;
  }
}
