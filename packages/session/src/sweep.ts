import {
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { buildHostInfo, type HostInfo, parseHostInfo } from "@tr/protocol";
import { hostIdentity, isHostAlive } from "./host-identity.js";
import { randomHex } from "./random-hex.js";

const swept = new Set<string>();

/** Sweeps a folder at the first session that this program starts in it. */
export function sweepOnce(folder: string): void {
  if (swept.has(folder)) return;
  swept.add(folder);
  sweep(folder);
}

/**
 * Removes the session directories in `folder` whose host is certainly dead. One without `host.json` is
 * somebody else's and stays, as does another user's. What cannot be removed is a warning, no error.
 */
export function sweep(folder: string): void {
  for (const name of readdirSync(folder)) {
    if (!name.startsWith("tr_session_")) continue;
    const path = join(folder, name);
    try {
      removeIfDead(path);
    } catch (error) {
      // ENOENT: another program that sweeps, or its owner, was faster.
      if ((error as NodeJS.ErrnoException).code === "ENOENT") continue;
      process.emitWarning(`a dead session's directory stays: ${(error as Error).message}`);
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

/**
 * Removes the directory of a dead host. Of several programs that want to, the one that makes the claim
 * in it does; the owner is looked at again behind the claim, for a session of the same id may have
 * taken the place meanwhile. True: the place is free now.
 */
export function removeIfDead(path: string): boolean {
  if (!isDead(path)) return false;
  const claim = join(path, "claim.json");
  try {
    writeFileSync(claim, buildHostInfo(hostIdentity()), { flag: "wx", mode: 0o600 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") {
      if (!isAbandoned(claim)) return false;
      // Whoever made the claim has died with it. Of several who see that, one moves it away.
      renameSync(claim, `${claim}.${randomHex(8)}`);
      return removeIfDead(path);
    }
    // On a full disk the claim is there, without our name: room is what this is for.
    if (!isFull(code) || !existsSync(claim)) throw error;
  }
  if (!isDead(path)) {
    rmSync(claim, { force: true });
    return false;
  }
  // Moved away first, so that nobody sees half a directory; once is enough for one that was moved before.
  const isAway = /\.[0-9a-f]{8}$/.test(path);
  const away = isAway ? path : `${path}.${randomHex(8)}`;
  if (!isAway) renameSync(path, away);
  rmSync(away, { recursive: true, force: true });
  return true;
}

/** Of an error of the system: there is no room for what was to be written. */
export function isFull(code: string | undefined): boolean {
  return code === "ENOSPC" || code === "EDQUOT";
}

function isAbandoned(claim: string): boolean {
  try {
    return !isHostAlive(parseHostInfo(readFileSync(claim)));
  } catch {
    return false; // gone by now, or a reaper's, which says no name
  }
}

function isDead(path: string): boolean {
  const stat = lstatSync(path);
  if (!stat.isDirectory() || (process.getuid && stat.uid !== process.getuid())) return false;
  const owner = ownerOf(path);
  return owner !== undefined && !isHostAlive(owner);
}
