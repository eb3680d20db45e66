import { closeSync, constants, fstatSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { malformed, segmentLost, writeError } from "./memory-errors.js";

const { O_CREAT, O_EXCL, O_NOFOLLOW = 0, O_NONBLOCK = 0, O_RDONLY, O_WRONLY } = constants;

/** Writes a message that is longer than its slot. @throws TrError `TR_WORKSPACE_FULL`, and nothing is left. */
export function writeSpill(directory: string, name: string, bytes: Uint8Array): void {
  const path = join(directory, name);
  rmSync(path, { force: true, recursive: true }); // of a message that was taken back, or planted
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

/** A JavaScript string holds no more: a larger message could not be read. */
const maxSpillBytes = 2 ** 29 - 24;

/** Reads and removes it. @throws TrError `TR_SEGMENT_LOST` when it is not there as it was written; `TR_PROTOCOL`. */
export function takeSpill(directory: string, name: string, length: number): Uint8Array {
  const path = join(directory, name);
  let fd: number;
  try {
    fd = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (cause) {
    throw segmentLost(name, length, (cause as Error).message);
  }
  try {
    const status = fstatSync(fd);
    if (!status.isFile() || status.nlink !== 1) {
      throw malformed(name, "a plain file of its own", "something else");
    }
    if (status.size !== length) throw segmentLost(name, length, status.size);
    if (length > maxSpillBytes) throw malformed(name, `at most ${maxSpillBytes} bytes`, length);
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
    rmSync(path, { force: true, recursive: true }); // it may be anything
  }
}
