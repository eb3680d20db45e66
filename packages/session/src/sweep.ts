import { randomBytes } from "node:crypto";
import { lstatSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type HostInfo, parseHostInfo } from "@tr/protocol";
import { isHostAlive } from "./host-identity.js";

const swept = new Set<string>();

/** Sweeps a folder at the first session that this program starts in it. */
export function sweepOnce(folder: string): void {
  if (swept.has(folder)) return;
  swept.add(folder);
  sweep(folder);
}

/**
 * Removes the session directories in `folder` whose host is certainly dead. One without `host.json` is
 * somebody else's and stays, as does another user's.
 */
export function sweep(folder: string): void {
  for (const name of readdirSync(folder)) {
    if (!name.startsWith("tr_session_")) continue;
    const path = join(folder, name);
    try {
      if (isDead(path)) remove(path);
    } catch (error) {
      // Another program that sweeps, or its owner, was faster.
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
}

/** Who owns a session directory; `undefined` when that cannot be told. */
export function ownerOf(path: string): HostInfo | undefined {
  try {
    return parseHostInfo(readFileSync(join(path, "host.json")));
  } catch {
    return undefined; // no host.json, or not one of ours
  }
}

function isDead(path: string): boolean {
  const stat = lstatSync(path);
  if (!stat.isDirectory() || (process.getuid && stat.uid !== process.getuid())) return false;
  const owner = ownerOf(path);
  return owner !== undefined && !isHostAlive(owner);
}

/** Moved away first: of several that remove, one succeeds, and nobody sees half a directory. */
function remove(path: string): void {
  const away = `${path}.${randomBytes(4).toString("hex")}`;
  renameSync(path, away);
  if (isDead(away)) rmSync(away, { recursive: true, force: true });
  else renameSync(away, path); // between the look and the move a session of the same id has begun
}
