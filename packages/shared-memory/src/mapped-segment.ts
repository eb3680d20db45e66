import { closeSync, fstatSync } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import { TrError } from "@tr/protocol/errors";
import { checkAvailable } from "./available-memory.js";
import { segmentLost, writeError } from "./memory-errors.js";
import { memoryFileToText, nameMemoryFile, openMemoryFile } from "./memory-file-name.js";
import type { Mapping, Native } from "./native.js";
import type { Segment } from "./segment.js";

/** About two milliseconds of copying, after which the event loop has its turn. */
const maxSyncBytes = 16 * 2 ** 20;

/** A segment as a memory file that this process has mapped. */
export class MappedSegment implements Segment {
  readonly size: number;
  readonly where: string;
  readonly #native: Native;
  readonly #fd: number;
  readonly #mapping: Mapping;
  /** For copies; V8 counts each buffer as memory of its own, so there is none where nothing is copied. */
  #buffer: ArrayBuffer | undefined;
  #isClosed = false;
  #views = 0;

  private constructor(native: Native, fd: number, size: number, where: string) {
    this.#native = native;
    this.#fd = fd;
    this.size = size;
    this.where = where;
    this.#mapping = native.map(fd, size);
  }

  /** @throws TrError `TR_WORKSPACE_FULL` */
  static create(native: Native, size: number): MappedSegment {
    let fd: number | undefined;
    try {
      checkAvailable(size);
      fd = native.createMemoryFile(size);
      return new MappedSegment(native, fd, size, memoryFileToText(nameMemoryFile(fd)));
    } catch (cause) {
      if (fd !== undefined) closeSync(fd);
      throw writeError(cause, size, "of memory files");
    }
  }

  /** @throws TrError `TR_SEGMENT_LOST` when it is not there, or could be cut under us. */
  static open(native: Native, where: string, size: number): MappedSegment {
    const fd = openMemoryFile(where, size);
    const name = `a memory file of the worker (${where})`;
    try {
      // Its size once more: what is sealed now may have been cut since it was opened.
      const found = native.isSealed(fd) ? fstatSync(fd).size : "one that is not sealed";
      if (found !== size) throw segmentLost(name, size, found);
      return new MappedSegment(native, fd, size, where);
    } catch (cause) {
      closeSync(fd);
      throw TrError.is(cause) ? cause : segmentLost(name, size, (cause as Error).message);
    }
  }

  write(bytes: Uint8Array, offset: number): void | Promise<void> {
    if (bytes.length > maxSyncBytes)
      return this.#copyInTurns(bytes, this.#bytes(offset, bytes.length));
    this.#bytes(offset, bytes.length).set(bytes);
  }

  read(offset: number, length: number): ArrayBuffer | Promise<ArrayBuffer> {
    const target = Buffer.allocUnsafeSlow(length);
    const source = this.#bytes(offset, length);
    const buffer = target.buffer as ArrayBuffer;
    if (length > maxSyncBytes) return this.#copyInTurns(source, target).then(() => buffer);
    target.set(source);
    return buffer;
  }

  /** A buffer of its own over the same memory: it keeps the mapping until {@link release}. */
  view(offset: number, length: number): ArrayBuffer {
    this.#views++;
    return this.#native.view(this.#mapping, offset, length);
  }

  /** No such buffer refers to the memory any more. */
  release(): void {
    this.#views--;
    if (this.#isClosed) this.#unmap();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    closeSync(this.#fd);
    this.#unmap();
  }

  remove(): void {
    this.close(); // it has no name
  }

  /** Never under a view: that would end the process when it is used. */
  #unmap(): void {
    if (this.#views > 0) return;
    this.#buffer?.transfer(0);
    this.#native.unmap(this.#mapping);
  }

  #bytes(offset: number, length: number): Uint8Array {
    this.#buffer ??= this.#native.view(this.#mapping, 0, this.size);
    return new Uint8Array(this.#buffer, offset, length);
  }

  async #copyInTurns(source: Uint8Array, target: Uint8Array): Promise<void> {
    this.#views++; // whatever the worker says meanwhile, it stays mapped
    try {
      for (let at = 0; at < source.length; at += maxSyncBytes) {
        if (at > 0) await nextTurn();
        target.set(source.subarray(at, at + maxSyncBytes), at);
      }
    } finally {
      this.release();
    }
  }
}
