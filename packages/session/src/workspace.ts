import {
  existsSync,
  lstatSync,
  mkdirSync,
  renameSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { buildHostInfo } from "@tr/protocol";
import { TrError } from "@tr/protocol/errors";
import { hostIdentity } from "./host-identity.js";
import type { ResolvedOptions } from "./options.js";
import { randomHex } from "./random-hex.js";
import { isFull, ownerOf, removeIfDead, sweep } from "./sweep.js";

export interface SessionDirectory {
  /** Absolute. */
  readonly workspace: string;
  /** `<workspace>/<sessionFolder>/tr_session_<sessionId>`, mode 0700. */
  readonly path: string;
  /** It is not in the memory file system, which has too little room. */
  readonly warning?: TrError;
}

/** The id of a session that was given none: 64 random bits. */
export function randomSessionId(): string {
  return randomHex(16);
}

export type WorkspaceOptions = {
  readonly workspace?: string | undefined;
} & Pick<ResolvedOptions, "sessionFolder" | "minFreeBytes">;

/**
 * Makes the session directory. A directory of that name left by a dead host is replaced.
 *
 * @throws TrError `TR_INVALID_ARGUMENT` when a live session has that id, or when the workspace is not usable;
 * `TR_WORKSPACE_FULL`
 */
export function makeSessionDirectory(
  options: WorkspaceOptions,
  sessionId: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): SessionDirectory {
  const named = namedWorkspace(options, env);
  const { workspace, warning } =
    named === undefined ? ownWorkspace(options) : { workspace: resolve(named) };
  const path = join(workspace, options.sessionFolder, `tr_session_${sessionId}`);
  try {
    mkdirSync(join(workspace, options.sessionFolder), { recursive: true, mode: 0o700 });
    makeExclusively(path, sessionId);
  } catch (cause) {
    if (TrError.is(cause)) throw cause;
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new TrError(
      isFull(code) ? "TR_WORKSPACE_FULL" : "TR_INVALID_ARGUMENT",
      `option workspace: the session directory ${path} cannot be made: ${message}.`,
      { cause },
    );
  }
  return { workspace, path, ...(warning && { warning }) };
}

function namedWorkspace(
  { workspace }: WorkspaceOptions,
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  return workspace ?? (env.TR_WORKSPACE || undefined);
}

/** Removes what dead sessions have left where this one would like to be. */
export function sweepWorkspace(options: WorkspaceOptions): void {
  const workspace = namedWorkspace(options, process.env) ?? memoryWorkspace();
  if (workspace === undefined) return;
  const folder = join(workspace, options.sessionFolder);
  if (existsSync(folder)) sweep(folder);
}

/**
 * Made under another name with `host.json` in it, then renamed: whoever sees the directory sees whose
 * it is, and of several programs that want it one gets it, for a directory that is not empty cannot be
 * replaced by a rename.
 */
function makeExclusively(path: string, sessionId: string): void {
  const made = `${path}.${randomHex(8)}`;
  mkdirSync(made, { mode: 0o700 });
  try {
    writeFileSync(join(made, "host.json"), buildHostInfo(hostIdentity()), { mode: 0o600 });
    // A dead host's reaper, or a program that sweeps, may be removing it at this very moment.
    for (let tries = 0; tries < 100; tries++) {
      if (publish(made, path) || (isRemoved(path) && publish(made, path))) return;
      if (existsSync(path) && !existsSync(join(path, "claim.json"))) break; // it is in use
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5); // ms
    }
  } catch (error) {
    rmSync(made, { recursive: true, force: true });
    throw error;
  }
  rmSync(made, { recursive: true, force: true });
  const owner = ownerOf(path);
  const why = owner === undefined ? "its owner is not known" : `process ${owner.pid} uses it`;
  throw new TrError(
    "TR_INVALID_ARGUMENT",
    `option sessionId: ${sessionId} is taken: ${path} is there and ${why}. Choose another id, leave it out, or remove the directory.`,
  );
}

/** Whether there was a dead host's directory that is gone now. */
function isRemoved(path: string): boolean {
  try {
    return removeIfDead(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return true; // somebody was faster
    throw error;
  }
}

/** False: something is there already. */
function publish(made: string, path: string): boolean {
  // Linux lets a rename replace an empty directory, which is nobody's of ours.
  if (existsSync(path)) return false;
  try {
    renameSync(made, path);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // EPERM and EACCES: Windows.
    if (["ENOTEMPTY", "EEXIST", "ENOTDIR", "EPERM", "EACCES"].includes(code ?? "")) return false;
    throw error;
  }
}

/** A directory that cannot be removed is no reason to fail a call: the next start sweeps it. */
export function removeSessionDirectory(path: string): void {
  try {
    // Windows: a file that a dying process still holds cannot be removed yet.
    rmSync(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 });
  } catch (error) {
    process.emitWarning(`the session directory ${path} stays: ${(error as Error).message}`);
  }
}

/** A folder of this user's own: in the memory file system where there is room, else in the temporary directory. */
function ownWorkspace(options: WorkspaceOptions): { workspace: string; warning?: TrError } {
  const { minFreeBytes } = options;
  const inMemory = memoryWorkspace();
  if (inMemory === undefined) return { workspace: temporaryWorkspace() };
  if (freeBytes("/dev/shm") < minFreeBytes) sweepWorkspace(options);
  const free = freeBytes("/dev/shm");
  if (free >= minFreeBytes) return { workspace: inMemory };
  const workspace = temporaryWorkspace();
  const message = `the memory file system /dev/shm has ${free} free bytes, fewer than ${minFreeBytes} (option minFreeBytes). The session uses ${workspace} instead.`;
  return { workspace, warning: new TrError("TR_WORKSPACE_FULL", message) };
}

/** In the memory file system; `undefined`: this system has none for us. */
function memoryWorkspace(): string | undefined {
  const uid = process.getuid?.();
  if (uid === undefined || freeBytes("/dev/shm") < 0) return undefined;
  const path = `/dev/shm/tr-${uid}`;
  return isOurs(path, uid) ? path : undefined;
}

/**
 * A folder of this user's own in the temporary directory; on macOS, which has no memory file system, and on
 * Windows it is always the one.
 *
 * @throws TrError `TR_INVALID_ARGUMENT`
 */
export function temporaryWorkspace(): string {
  const uid = process.getuid?.();
  // Windows: the temporary directory is the user's own already.
  if (uid === undefined) return join(tmpdir(), "tech-renaissance");
  const onDisk = join(tmpdir(), `tr-${uid}`);
  if (isOurs(onDisk, uid)) return onDisk;
  throw new TrError(
    "TR_INVALID_ARGUMENT",
    `option workspace: ${onDisk} is not a directory that only this user can open. Remove it, or name another workspace.`,
  );
}

function freeBytes(path: string): number {
  try {
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize;
  } catch {
    return -1; // this system has no such file system
  }
}

/** Makes the folder if need be. A link, somebody else's folder, or one that others can open is refused: they could plant files in it. */
function isOurs(path: string, uid: number): boolean {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") return false;
  }
  const stat = lstatSync(path);
  return stat.isDirectory() && stat.uid === uid && (stat.mode & 0o077) === 0;
}
