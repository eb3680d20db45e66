import * as fs from "node:fs";
import { sep } from "node:path";
import { advance, nextBatch, type Pieces } from "./file-data.js";
import { temporaryName } from "./file-name.js";
import { retrySharing, retrySharingAsync } from "./retry-sharing.js";
import { settled } from "./settled.js";
import type { SpareFiles } from "./spare-files.js";
import { errnoOf, isFull, shortWrite, translate } from "./translate-error.js";

const { O_WRONLY, O_CREAT, O_EXCL } = fs.constants;
// O_EXCL does not follow a link in the last component either; O_NOFOLLOW says so twice. Windows has none.
const flags = O_WRONLY | O_CREAT | O_EXCL | (fs.constants.O_NOFOLLOW ?? 0);
/** How much one asynchronous write takes: about 2 ms of a memory file system, then an abort is seen. */
const maxBatchBytes = 8 << 20;

/** Where a write goes, and which fixed temporary names a write under way occupies. */
export interface Target {
  directory: string;
  name: string;
  busy: Set<string>;
  spares: SpareFiles;
}

/**
 * Writes under a temporary name and renames. No fsync: the files carry messages between two living
 * processes, and after a power cut there is neither.
 */
export function writeFileSync(target: Target, data: Pieces): void {
  try {
    writeOnceSync(target, data);
  } catch (error) {
    if (!isFull(error) || !target.spares.clear()) throw error;
    writeOnceSync(target, data); // into the room that those took
  }
}

/** The same in asynchronous pieces; the rename too, because it frees a large file that it replaces. */
export async function writeFile(
  target: Target,
  data: Pieces,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    await writeOnce(target, data, signal);
  } catch (error) {
    if (!isFull(error) || !target.spares.clear()) throw error;
    await writeOnce(target, data, signal);
  }
}

function writeOnceSync({ directory, name, busy, spares }: Target, data: Pieces): void {
  const spare = spares.take(data.bytes);
  const temporary = spare?.path ?? directory + sep + temporaryName(name, busy);
  try {
    const descriptor = spare?.descriptor ?? openNew(temporary);
    try {
      writeAll(descriptor, data, name, directory);
      if (spare && spare.size > data.bytes) fs.ftruncateSync(descriptor, data.bytes);
    } finally {
      fs.closeSync(descriptor);
    }
    retrySharing(() => fs.renameSync(temporary, directory + sep + name));
  } catch (error) {
    removeTemporary(temporary);
    throw translate(error, `Writing ${name}`, directory, data.bytes);
  }
}

async function writeOnce(
  { directory, name, busy, spares }: Target,
  data: Pieces,
  signal: AbortSignal | undefined,
): Promise<void> {
  signal?.throwIfAborted();
  const spare = spares.take(data.bytes);
  const temporaryFile = temporaryName(name, busy);
  const temporary = spare?.path ?? directory + sep + temporaryFile;
  busy.add(temporaryFile);
  try {
    const descriptor = spare?.descriptor ?? openNew(temporary);
    try {
      await writeAllAsync(descriptor, data, name, directory, signal);
      if (spare && spare.size > data.bytes) fs.ftruncateSync(descriptor, data.bytes);
    } finally {
      fs.closeSync(descriptor);
    }
    signal?.throwIfAborted();
    const path = directory + sep + name;
    await retrySharingAsync(() => settled<void>((end) => fs.rename(temporary, path, end)));
  } catch (error) {
    removeTemporary(temporary);
    if (signal?.aborted && error === signal.reason) throw error;
    throw translate(error, `Writing ${name}`, directory, data.bytes);
  } finally {
    busy.delete(temporaryFile);
  }
}

/** A file of that very name is what a dead process left behind: removed, once. */
function openNew(temporary: string): number {
  try {
    return fs.openSync(temporary, flags, 0o600);
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") throw error;
    retrySharing(() => fs.unlinkSync(temporary));
    return fs.openSync(temporary, flags, 0o600);
  }
}

function writeAll(descriptor: number, data: Pieces, name: string, directory: string): void {
  const place = { index: 0, offset: 0 };
  advance(data.views, place, 0);
  while (place.index < data.views.length) {
    const batch = nextBatch(data.views, place.index, place.offset, maxBatchBytes);
    const [only] = batch;
    const written =
      batch.length === 1 && only
        ? fs.writeSync(descriptor, only)
        : fs.writevSync(descriptor, batch);
    if (written === 0) throw shortWrite(name, directory, data.bytes);
    advance(data.views, place, written);
  }
}

async function writeAllAsync(
  descriptor: number,
  data: Pieces,
  name: string,
  directory: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const place = { index: 0, offset: 0 };
  advance(data.views, place, 0);
  while (place.index < data.views.length) {
    signal?.throwIfAborted();
    const batch = nextBatch(data.views, place.index, place.offset, maxBatchBytes);
    const bytesWritten = await settled<number>((end) => fs.writev(descriptor, batch, end));
    if (bytesWritten === 0) throw shortWrite(name, directory, data.bytes);
    advance(data.views, place, bytesWritten);
  }
}

function removeTemporary(temporary: string): void {
  try {
    retrySharing(() => fs.unlinkSync(temporary));
  } catch {
    // ENOENT: it was never made, or the rename has happened. Anything else (the directory is gone,
    // a read-only remount) has the same cause as the error that is being thrown.
  }
}
