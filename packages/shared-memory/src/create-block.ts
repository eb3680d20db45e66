import { closeSync, constants, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { headerBytes, headerWords, layoutVersion, magic, offsets, slotBytes } from "./layout.js";
import { writeError } from "./memory-errors.js";
import type { MemoryFileName } from "./memory-file-name.js";

const { O_CREAT, O_EXCL, O_NOFOLLOW = 0, O_RDWR } = constants;

/** What a block holds before anybody has used it. */
export const emptyBlock: Uint8Array = makeEmptyBlock();

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
    for (let at = 0; at < emptyBlock.length; ) at += writeSync(fd, emptyBlock, at);
    return fd;
  } catch (cause) {
    closeSync(fd);
    rmSync(path, { force: true });
    throw writeError(cause, offsets.end, directory);
  }
}

function makeEmptyBlock(): Uint8Array {
  const content = new Uint8Array(offsets.end);
  const header = new Uint32Array(content.buffer, 0, headerBytes / 4);
  header[headerWords.magic] = magic;
  header[headerWords.version] = layoutVersion;
  header[headerWords.bytes] = offsets.end;
  header[headerWords.slotBytes] = slotBytes;
  return content;
}

/** Says in the plain file's header which block to use. */
export function writeOffer(fd: number, offer: number, memoryFile?: MemoryFileName): void {
  const words = new Uint32Array(5);
  if (memoryFile !== undefined) {
    const { pid, descriptor, inode } = memoryFile;
    words.set([offer, pid, descriptor, Number(inode & 0xffff_ffffn), Number(inode >> 32n)]);
    const rest = words.subarray(1);
    writeSync(fd, rest, 0, rest.byteLength, 4 * headerWords.pid);
  }
  words[0] = offer;
  writeSync(fd, words, 0, 4, 4 * headerWords.offer);
}
