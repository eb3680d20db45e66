import type { Stats } from "node:fs";
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Where servers of this user leave word of themselves, the same in Python (sandbox/server_notes.py):
 * `TR_STATE_DIR`, else a folder of the platform's place for a program's state.
 */
export function stateFolder(
  environment: Environment = process.env,
  platform: NodeJS.Platform = process.platform,
): string {
  const { TR_STATE_DIR: given, LOCALAPPDATA, XDG_STATE_HOME } = environment;
  if (given) return given;
  const name = "tech-renaissance";
  if (platform === "win32") return join(LOCALAPPDATA || join(homedir(), "AppData", "Local"), name);
  if (platform === "darwin") return join(homedir(), "Library", "Application Support", name);
  // A relative one counts as none: https://specifications.freedesktop.org/basedir-spec/latest/
  const isUsable = XDG_STATE_HOME !== undefined && isAbsolute(XDG_STATE_HOME);
  return join(isUsable ? XDG_STATE_HOME : join(homedir(), ".local", "state"), name);
}

/** Makes a folder in it that nobody else can look into. @throws Error of the system, or that others can. */
export function makePrivateFolder(...names: string[]): string {
  const folder = join(stateFolder(), ...names);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (cause) {
    const text = `${(cause as Error).message}; set TR_STATE_DIR to a folder that can be made`;
    throw new Error(text, { cause });
  }
  if (!isPrivate(lstatSync(folder))) {
    throw new Error(`${folder} has to be yours, with permissions 0700; it is not: remove it`);
  }
  return folder;
}

/** Whether a folder is there, and nobody else can write into it. */
export function isPrivateFolder(folder: string): boolean {
  try {
    const found = lstatSync(folder);
    return found.isDirectory() && isPrivate(found);
  } catch {
    return false; // not there, or not for us to see
  }
}

/** A file's text, if it is the user's own and for nobody else; else `undefined`. */
export function readPrivateFile(file: string): string | undefined {
  let descriptor: number;
  try {
    // Windows has no such flag; there the folder's access list keeps others out.
    descriptor = openSync(file, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
  } catch {
    return undefined; // not there, or not for us
  }
  try {
    const found = fstatSync(descriptor);
    return found.isFile() && isPrivate(found) ? readFileSync(descriptor, "utf8") : undefined;
  } finally {
    closeSync(descriptor);
  }
}

function isPrivate({ uid, mode }: Stats): boolean {
  const user = process.getuid?.();
  return user === undefined || (uid === user && (mode & 0o077) === 0);
}
