import { closeSync, constants, fstatSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { segmentLost, writeError } from "./memory-errors.js";

const { O_CREAT, O_EXCL, O_NOFOLLOW = 0, O_NONBLOCK = 0, O_RDONLY, O_WRONLY } = constants;

/** Writes a message that is longer than its slot. @throws TrError `TR_WORKSPACE_FULL`, and nothing is left. */
export function writeSpill(directory: string, name: string, bytes: Uint8Array): void {
  const path = join(directory, name);
  rmSync(path, { force: true }); // of a message that was taken back
  const fd = openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
  } catch (cause) {
    rmSync(path, { force: true });
    throw writeError(cause, bytes.length, directory);
  } finally {
    closeSync(fd);
  }
}

/** Reads and removes it. @throws TrError `TR_SEGMENT_LOST` when it is not there as it was written. */
export function takeSpill(directory: string, name: string, length: number): Uint8Array {
  const path = join(directory, name);
  let fd: number;
  try {
    fd = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (cause) {
    throw segmentLost(name, length, (cause as Error).message);
  }
  try {
    const { size } = fstatSync(fd);
    if (size !== length) throw segmentLost(name, length, size);
    const bytes = new Uint8Array(length);
    let at = 0;
    while (at < length) {
      const found = readSync(fd, bytes, at, length - at, null);
      if (found === 0) throw segmentLost(name, length, at);
      at += found;
    }
    return bytes;
  } finally {
    closeSync(fd);
    rmSync(path, { force: true });
  }
}
