import { closeSync, constants, fstatSync, openSync } from "node:fs";
import { segmentLost } from "./memory-errors.js";

/** How another process of the same user opens a memory file: a descriptor of ours, and the inode that it must be. */
export interface MemoryFileName {
  readonly pid: number;
  readonly descriptor: number;
  readonly inode: bigint;
}

export function nameMemoryFile(descriptor: number): MemoryFileName {
  return { pid: process.pid, descriptor, inode: fstatSync(descriptor, { bigint: true }).ino };
}

export function memoryFileToText({ pid, descriptor, inode }: MemoryFileName): string {
  return `${pid}:${descriptor}:${inode}`;
}

/**
 * Opens the worker's memory file. A number of a descriptor may mean another file by now, so the inode is
 * compared.
 *
 * @throws TrError `TR_SEGMENT_LOST`
 */
export function openMemoryFile(where: string, size: number): number {
  const [, pid, descriptor, inode] = /^(\d{1,10}):(\d{1,10}):(\d{1,20})$/.exec(where) ?? [];
  let fd: number;
  try {
    fd = openSync(`/proc/${pid}/fd/${descriptor}`, constants.O_RDWR | constants.O_NONBLOCK);
  } catch (cause) {
    throw segmentLost(`a memory file of the worker (${where})`, size, (cause as Error).message);
  }
  const status = fstatSync(fd, { bigint: true });
  const isIt = status.ino === BigInt(inode ?? -1) && status.size === BigInt(size);
  // Mapping takes all of its pages: a hole of a terabyte would be all of the machine's memory.
  if (isIt && status.blocks * 512n >= BigInt(size)) return fd;
  closeSync(fd);
  const found = isIt ? "one with holes" : "another file";
  throw segmentLost(`a memory file of the worker (${where})`, size, found);
}
