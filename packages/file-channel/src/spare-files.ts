import * as fs from "node:fs";
import { sep } from "node:path";
import { newTemporaryName } from "./file-name.js";
import { retrySharing } from "./retry-sharing.js";

/** A file that was read, under a temporary name, open for writing. */
export interface SpareFile {
  readonly descriptor: number;
  readonly path: string;
  readonly size: number;
}

/** Up to here any spare file does for any other content. */
const smallBytes = 64 << 10;
const maxSmall = 4;
const maxLargeBytes = 256 << 20;
/** How long a large one is kept that nobody needs. */
const maxIdleMs = 1000;

/**
 * Files that were taken, to be written again under another name. The most expensive part of a message
 * or tensor in a memory file system is its memory: a new file of 64 MiB takes 35 ms to write, the same
 * file again 14; making and removing a small one takes as long as everything else that is done to it.
 */
export class SpareFiles {
  readonly #directory: string;
  readonly #spares: SpareFile[] = [];
  #largeBytes = 0;
  #usedMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** One that content of so many bytes fits into without leaving most of its memory unused. It is the caller's now. */
  take(bytes: number): SpareFile | undefined {
    const index = this.#spares.findIndex(({ size }) => isFit(size, bytes));
    if (index === -1) return undefined;
    const [spare] = this.#spares.splice(index, 1);
    if (spare !== undefined && spare.size > smallBytes) this.#largeBytes -= spare.size;
    return spare;
  }

  /**
   * Takes a file out of the directory that was opened by this descriptor, which must allow writing and
   * stand at the file's beginning. False: there are enough, and nothing was done.
   *
   * @throws what the system says to the renaming
   */
  keep(descriptor: number, path: string, size: number): boolean {
    if (!this.#hasRoom(size)) return false;
    const own = this.#directory + sep + newTemporaryName("spare");
    fs.renameSync(path, own);
    this.#spares.push({ descriptor, path: own, size });
    if (size > smallBytes) {
      this.#largeBytes += size;
      this.#usedMs = performance.now();
      this.#timer ??= this.#startTimer();
    }
    return true;
  }

  /** Removes those of which `isUnwanted`. False: there was none. */
  clear(isUnwanted: (spare: SpareFile) => boolean = () => true): boolean {
    const unwanted = this.#spares.filter(isUnwanted);
    for (const spare of unwanted) {
      this.#spares.splice(this.#spares.indexOf(spare), 1);
      if (spare.size > smallBytes) this.#largeBytes -= spare.size;
      discard(spare);
    }
    return unwanted.length > 0;
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.clear();
  }

  #hasRoom(size: number): boolean {
    if (this.#isClosed) return false;
    if (size > smallBytes) return this.#largeBytes + size <= maxLargeBytes;
    return this.#spares.filter((spare) => spare.size <= smallBytes).length < maxSmall;
  }

  #startTimer(): NodeJS.Timeout {
    return setTimeout(() => {
      this.#timer = undefined;
      if (performance.now() - this.#usedMs >= maxIdleMs - 1) {
        this.clear(({ size }) => size > smallBytes);
      } else if (this.#largeBytes > 0) this.#timer = this.#startTimer();
    }, maxIdleMs).unref();
  }
}

function isFit(size: number, bytes: number): boolean {
  if (size <= smallBytes) return bytes <= smallBytes;
  return bytes >= size / 2 && bytes <= size * 2;
}

/** Closes and removes it. */
export function discard({ descriptor, path }: SpareFile): void {
  fs.closeSync(descriptor);
  try {
    retrySharing(() => fs.unlinkSync(path));
  } catch {
    // ENOENT: the directory was removed with it, or it has its new name already. Nobody reads it anyway.
  }
}
