import { closeSync, constants, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { layoutVersion, magic, offsets, slotBytes } from "./layout.js";
import { writeError } from "./memory-errors.js";

const { O_CREAT, O_EXCL, O_NOFOLLOW = 0, O_RDWR } = constants;

export const blockName = "control.block";

/**
 * Makes the block's file, written from end to end so that its space is really there.
 *
 * @returns its descriptor
 * @throws TrError `TR_WORKSPACE_FULL`, and the file is gone again.
 */
export function createBlockFile(directory: string): number {
  const path = join(directory, blockName);
  const fd = openSync(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    const content = emptyBlock();
    for (let at = 0; at < content.length; ) at += writeSync(fd, content, at);
    return fd;
  } catch (cause) {
    closeSync(fd);
    rmSync(path, { force: true });
    throw writeError(cause, offsets.end, directory);
  }
}

/** What a block holds before anybody has used it. */
export function emptyBlock(): Uint8Array {
  const content = new Uint8Array(offsets.end);
  new Uint32Array(content.buffer).set([magic, layoutVersion, offsets.end, slotBytes]);
  return content;
}
