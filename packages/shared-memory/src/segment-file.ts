import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  openSync,
  read,
  readSync,
  rmSync,
  write,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { segmentLost, writeError } from "./memory-errors.js";
import type { Segment } from "./segment.js";
import { settled } from "./settled.js";

const { O_CREAT, O_EXCL, O_NOFOLLOW = 0, O_NONBLOCK = 0, O_RDONLY, O_RDWR } = constants;

/** More is read and written by the thread pool: this much blocks the event loop for under a millisecond. */
const maxSyncBytes = 2 * 2 ** 20;
/** In one call of the thread pool. A single call for 64 MiB of fresh memory took three times as long on a busy machine. */
const maxChunk = 4 * 2 ** 20;

/** A segment as a plain file of the session's directory. */
export class SegmentFile implements Segment {
  readonly size: number;
  readonly where = "";
  readonly #fd: number;
  readonly #path: string;
  /** Of the thread pool, which would go on with whatever file gets the descriptor's number next. */
  #underWay = 0;
  #isClosed = false;

  private constructor(fd: number, path: string, size: number) {
    this.#fd = fd;
    this.#path = path;
    this.size = size;
  }

  /** As long as `size`, and empty: its space is taken when it is written. */
  static create(directory: string, name: string, size: number): SegmentFile {
    const path = join(directory, name);
    try {
      const fd = openSync(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
      ftruncateSync(fd, size);
      return new SegmentFile(fd, path, size);
    } catch (cause) {
      throw writeError(cause, size, directory);
    }
  }

  /** @throws TrError `TR_SEGMENT_LOST` when it is not the plain file that was announced. */
  static open(directory: string, name: string, size: number): SegmentFile {
    const path = join(directory, name);
    let fd: number;
    try {
      fd = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    } catch (cause) {
      throw segmentLost(name, size, (cause as Error).message);
    }
    const status = fstatSync(fd);
    if (status.isFile() && status.nlink === 1) return new SegmentFile(fd, path, size);
    closeSync(fd);
    throw segmentLost(name, size, "something else than a plain file of its own");
  }

  /** @throws TrError `TR_WORKSPACE_FULL` */
  write(bytes: Uint8Array, offset: number): void | Promise<void> {
    if (bytes.length > maxSyncBytes) return this.#writeLater(bytes, offset);
    try {
      for (let at = 0; at < bytes.length; ) {
        at += writeSync(this.#fd, bytes, at, bytes.length - at, offset + at);
      }
    } catch (cause) {
      throw writeError(cause, bytes.length, this.#path);
    }
  }

  async #writeLater(bytes: Uint8Array, offset: number): Promise<void> {
    this.#underWay++;
    try {
      for (let at = 0; at < bytes.length; ) {
        const length = Math.min(maxChunk, bytes.length - at);
        const from = at;
        at += await settled<number>((end) =>
          write(this.#fd, bytes, from, length, offset + from, end),
        );
      }
    } catch (cause) {
      throw writeError(cause, bytes.length, this.#path);
    } finally {
      this.#underWay--;
      if (this.#isClosed) this.#close();
    }
  }

  /** A copy. @throws TrError `TR_SEGMENT_LOST` when the file has become shorter. */
  read(offset: number, length: number): ArrayBuffer | Promise<ArrayBuffer> {
    if (length > maxSyncBytes) return this.#readLater(this.#allocate(offset, length), offset);
    // Not `new Uint8Array`, which zeroes what is overwritten at once.
    const bytes = Buffer.allocUnsafeSlow(length);
    for (let at = 0; at < length; ) {
      const found = readSync(this.#fd, bytes, at, length - at, offset + at);
      if (found === 0) throw segmentLost(this.#path, offset + length, offset + at);
      at += found;
    }
    return bytes.buffer as ArrayBuffer;
  }

  /** Only for what is there; a file with holes may still claim more than this process can have. */
  #allocate(offset: number, length: number): Buffer {
    const { size } = fstatSync(this.#fd);
    if (size < offset + length) throw segmentLost(this.#path, offset + length, size);
    try {
      return Buffer.allocUnsafeSlow(length);
    } catch (cause) {
      throw segmentLost(this.#path, length, `no memory for a copy (${(cause as Error).message})`);
    }
  }

  async #readLater(bytes: Buffer, offset: number): Promise<ArrayBuffer> {
    this.#underWay++;
    try {
      for (let at = 0; at < bytes.length; ) {
        const length = Math.min(maxChunk, bytes.length - at);
        const to = at;
        const bytesRead = await settled<number>((end) =>
          read(this.#fd, bytes, to, length, offset + to, end),
        );
        if (bytesRead === 0) throw segmentLost(this.#path, offset + bytes.length, offset + at);
        at += bytesRead;
      }
      return bytes.buffer as ArrayBuffer;
    } finally {
      this.#underWay--;
      if (this.#isClosed) this.#close();
    }
  }

  view(): undefined {
    return undefined; // not mapped
  }

  release(): void {}

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#close();
  }

  #close(): void {
    if (this.#underWay === 0) closeSync(this.#fd);
  }

  /** Its space is free again when the other side has closed it too. */
  remove(): void {
    this.close();
    try {
      rmSync(this.#path, { force: true });
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // Windows, while the worker has it open: it goes with the session's directory.
      if (code !== "EPERM" && code !== "EBUSY" && code !== "EACCES") throw error;
    }
  }
}
