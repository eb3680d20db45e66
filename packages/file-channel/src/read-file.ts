import * as fs from "node:fs";
import { join } from "node:path";
import type { ReadOptions } from "./file-channel.js";
import { retrySharing, retrySharingAsync } from "./retry-sharing.js";
import { settled } from "./settled.js";
import { errnoOf, planted, shrunk, tooLarge, translate } from "./translate-error.js";

const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
// O_NONBLOCK: opening a FIFO that nobody writes would block for ever. Windows has neither flag.
const flags = O_RDONLY | (O_NOFOLLOW ?? 0) | (O_NONBLOCK ?? 0);
/** Up to here one synchronous read is cheaper than a trip to the thread pool. */
export const largeBytes = 256 << 10;
const maxPieceBytes = 8 << 20;

interface Opened {
  descriptor: number;
  size: number;
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

/** The same, then deletes the file. */
export function takeFileSync(
  directory: string,
  name: string,
  options: ReadOptions = {},
): Uint8Array | undefined {
  const content = readFileSync(directory, name, options);
  if (content !== undefined) removeFile(directory, name);
  return content;
}

/** The same in asynchronous pieces; the deletion too, because it frees the file's memory. */
export async function takeFile(
  directory: string,
  name: string,
  options: ReadOptions & { signal?: AbortSignal | undefined } = {},
): Promise<Uint8Array | undefined> {
  const { signal } = options;
  signal?.throwIfAborted();
  const opened = open(directory, name, options);
  if (opened === undefined) return undefined;
  try {
    const small = opened.size <= largeBytes;
    let content: Uint8Array;
    try {
      content = small
        ? readAll(opened, name, directory)
        : await readAllAsync(opened, name, directory, signal);
    } finally {
      fs.closeSync(opened.descriptor);
    }
    if (small) removeFile(directory, name);
    else {
      const path = join(directory, name);
      await retrySharingAsync(() => settled<void>((end) => fs.unlink(path, end)));
    }
    return content;
  } catch (error) {
    if (signal?.aborted && error === signal.reason) throw error;
    throw translate(error, `Reading ${name}`, directory);
  }
}

/** False when there was no such file. */
export function removeFile(directory: string, name: string): boolean {
  try {
    retrySharing(() => fs.unlinkSync(join(directory, name)));
    return true;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return false;
    throw translate(error, `Removing ${name}`, directory);
  }
}

function open(directory: string, name: string, options: ReadOptions): Opened | undefined {
  const path = join(directory, name);
  let descriptor: number;
  try {
    // A failed open makes an Error with a stack; lstat can say "not there" without one.
    const there = fs.lstatSync(path, { throwIfNoEntry: false });
    if (there === undefined) return undefined;
    // On Windows, which has no O_NOFOLLOW, this is the check; elsewhere O_NOFOLLOW leaves no gap.
    if (there.isSymbolicLink()) throw planted(name, directory, "a symbolic link");
    descriptor = retrySharing(() => fs.openSync(path, flags));
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
      return { descriptor, size: check(fs.fstatSync(descriptor), name, directory, options) };
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
    const count = fs.readSync(descriptor, content, done, length, null);
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
  let done = 0;
  while (done < size) {
    signal?.throwIfAborted();
    const length = Math.min(size - done, maxPieceBytes);
    const at = done;
    const bytesRead = await settled<number>((end) =>
      fs.read(descriptor, content, at, length, null, end),
    );
    if (bytesRead === 0) throw shrunk(name, directory, size, done);
    done += bytesRead;
  }
  return content;
}

/** A buffer of its own (a view on Buffer's pool could not be transferred), not filled with zeros first. */
function allocate(size: number): Uint8Array {
  if (size <= 4096) return new Uint8Array(size);
  return new Uint8Array(Buffer.allocUnsafeSlow(size).buffer);
}
