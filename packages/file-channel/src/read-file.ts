import * as fs from "node:fs";
import { sep } from "node:path";
import type { ReadOptions } from "./file-channel.js";
import { retrySharing, retrySharingAsync } from "./retry-sharing.js";
import { settled } from "./settled.js";
import type { SpareFiles } from "./spare-files.js";
import { errnoOf, planted, shrunk, tooLarge, translate } from "./translate-error.js";

const { O_RDONLY, O_RDWR, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
// O_NONBLOCK: opening a FIFO that nobody writes would block for ever. Windows has neither flag.
const flags = O_RDONLY | (O_NOFOLLOW ?? 0) | (O_NONBLOCK ?? 0);
const reusableFlags = O_RDWR | (O_NOFOLLOW ?? 0) | (O_NONBLOCK ?? 0);
/**
 * Up to here a synchronous call is better than a trip to the thread pool: 1 MiB and a header take
 * 0.3 to 0.6 ms in a memory file system, and so does each of the trips where two processes share two cores.
 */
export const largeBytes = (1 << 20) + (64 << 10);
const maxPieceBytes = 8 << 20;
/** How many pieces are read at once: what takes longest is new memory, which each processor can prepare. */
const maxReads = 4;

interface Opened {
  readonly descriptor: number;
  readonly size: number;
  /** It may be written, and stands at its beginning: everything is read by position. */
  readonly isReusable: boolean;
}

/** The whole content, or undefined when there is no such file. */
export function readFileSync(
  directory: string,
  name: string,
  options: ReadOptions = {},
): Uint8Array | undefined {
  const opened = open(directory, name, options);
  if (opened === undefined) return undefined;
  try {
    try {
      return readAll(opened, name, directory);
    } finally {
      fs.closeSync(opened.descriptor);
    }
  } catch (error) {
    throw translate(error, `Reading ${name}`, directory);
  }
}

/** The same, then deletes the file, or keeps it among the spares. */
export function takeFileSync(
  directory: string,
  name: string,
  options: ReadOptions = {},
  spares?: SpareFiles,
): Uint8Array | undefined {
  const opened = open(directory, name, options, spares !== undefined);
  if (opened === undefined) return undefined;
  let isKept = false;
  try {
    let content: Uint8Array;
    try {
      content = readAll(opened, name, directory);
      isKept = keep(opened, directory, name, spares);
    } finally {
      if (!isKept) fs.closeSync(opened.descriptor);
    }
    if (!isKept) removeFile(directory, name);
    return content;
  } catch (error) {
    throw translate(error, `Reading ${name}`, directory);
  }
}

/** The same in asynchronous pieces; the deletion too, because it frees the file's memory. */
export async function takeFile(
  directory: string,
  name: string,
  options: ReadOptions & { signal?: AbortSignal | undefined } = {},
  spares?: SpareFiles,
): Promise<Uint8Array | undefined> {
  const { signal } = options;
  signal?.throwIfAborted();
  const opened = open(directory, name, options, spares !== undefined);
  if (opened === undefined) return undefined;
  let isKept = false;
  try {
    const small = opened.size <= largeBytes;
    let content: Uint8Array;
    try {
      content = small
        ? readAll(opened, name, directory)
        : await readAllAsync(opened, name, directory, signal);
      isKept = keep(opened, directory, name, spares);
    } finally {
      if (!isKept) fs.closeSync(opened.descriptor);
    }
    if (isKept) return content;
    if (small) removeFile(directory, name);
    else {
      const path = directory + sep + name;
      await retrySharingAsync(() => settled<void>((end) => fs.unlink(path, end)));
    }
    return content;
  } catch (error) {
    if (signal?.aborted && error === signal.reason) throw error;
    throw translate(error, `Reading ${name}`, directory);
  }
}

function keep(
  { descriptor, size, isReusable }: Opened,
  directory: string,
  name: string,
  spares: SpareFiles | undefined,
): boolean {
  return isReusable && spares?.keep(descriptor, directory + sep + name, size) === true;
}

/** False when there was no such file. */
export function removeFile(directory: string, name: string): boolean {
  try {
    retrySharing(() => fs.unlinkSync(directory + sep + name));
    return true;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return false;
    throw translate(error, `Removing ${name}`, directory);
  }
}

function open(
  directory: string,
  name: string,
  options: ReadOptions,
  mayReuse = false,
): Opened | undefined {
  const path = directory + sep + name;
  let descriptor: number;
  let isReusable = mayReuse;
  try {
    // A failed open makes an Error with a stack; lstat can say "not there" without one.
    const there = fs.lstatSync(path, { throwIfNoEntry: false });
    if (there === undefined) return undefined;
    // On Windows, which has no O_NOFOLLOW, this is the check; elsewhere O_NOFOLLOW leaves no gap.
    if (there.isSymbolicLink()) throw planted(name, directory, "a symbolic link");
    descriptor = retrySharing(() => {
      if (!isReusable) return fs.openSync(path, flags);
      try {
        return fs.openSync(path, reusableFlags);
      } catch (error) {
        // EACCES: it may be read only. EISDIR: the other flags tell more. ENOENT is the end of it.
        if (errnoOf(error) === "ENOENT") throw error;
        isReusable = false;
        return fs.openSync(path, flags);
      }
    });
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === "ENOENT") return undefined;
    if (errno === "ELOOP" || errno === "EMLINK") {
      throw planted(name, directory, "a symbolic link", error);
    }
    if (errno === "ENXIO" || errno === "EOPNOTSUPP") {
      throw planted(name, directory, "a socket", error);
    }
    throw translate(error, `Opening ${name}`, directory);
  }
  try {
    try {
      const size = check(fs.fstatSync(descriptor), name, directory, options);
      return { descriptor, size, isReusable };
    } catch (error) {
      fs.closeSync(descriptor);
      throw error;
    }
  } catch (error) {
    throw translate(error, `Opening ${name}`, directory);
  }
}

function check(stat: fs.Stats, name: string, directory: string, options: ReadOptions): number {
  if (!stat.isFile()) throw planted(name, directory, kindOf(stat));
  // 0 is fine: the file was replaced between open and here, and this is the old, whole content.
  if (stat.nlink > 1)
    throw planted(name, directory, `a file with ${stat.nlink} names (hard links)`);
  const { maxBytes = Number.MAX_SAFE_INTEGER } = options;
  if (stat.size > maxBytes) throw tooLarge(name, directory, stat.size, maxBytes);
  return stat.size;
}

function kindOf(stat: fs.Stats): string {
  if (stat.isDirectory()) return "a directory";
  if (stat.isFIFO()) return "a FIFO";
  return stat.isSocket() ? "a socket" : "a device";
}

function readAll({ descriptor, size }: Opened, name: string, directory: string): Uint8Array {
  const content = allocate(size);
  let done = 0;
  while (done < size) {
    const length = Math.min(size - done, maxPieceBytes);
    const count = fs.readSync(descriptor, content, done, length, done);
    if (count === 0) throw shrunk(name, directory, size, done);
    done += count;
  }
  return content;
}

async function readAllAsync(
  { descriptor, size }: Opened,
  name: string,
  directory: string,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const content = allocate(size);
  let next = 0;
  const readPieces = async (): Promise<void> => {
    while (next < size) {
      signal?.throwIfAborted();
      let done = next;
      next = Math.min(size, done + maxPieceBytes);
      const end = next;
      while (done < end) {
        const at = done;
        const bytesRead = await settled<number>((told) =>
          fs.read(descriptor, content, at, end - at, at, told),
        );
        if (bytesRead === 0) throw shrunk(name, directory, size, done);
        done += bytesRead;
      }
    }
  };
  const readers = Array.from({ length: maxReads }, readPieces);
  // The descriptor stays open until the last of them has ended, also when one fails.
  for (const { status, ...rest } of await Promise.allSettled(readers)) {
    if (status === "rejected" && "reason" in rest) throw rest.reason;
  }
  signal?.throwIfAborted();
  return content;
}

/** A buffer of its own (a view on Buffer's pool could not be transferred), not filled with zeros first. */
function allocate(size: number): Uint8Array {
  if (size <= 4096) return new Uint8Array(size);
  return new Uint8Array(Buffer.allocUnsafeSlow(size).buffer);
}
