import { closeSync, readSync, writeSync } from "node:fs";
import { type HostBlock, maxSlotMessage, putMessage } from "./host-block.js";
import { lineBytes, offsets, slotBytes, workerWords } from "./layout.js";
import { segmentLost } from "./memory-errors.js";

/**
 * The block by reads and writes at positions of its file: no native code. Every access is a system call
 * of under a microsecond, and one that the worker sees through its mapping of the same pages. A file
 * that the other side has cut short is an error here, where a mapping would end the process.
 */
export class FileBlock implements HostBlock {
  readonly #fd: number;
  readonly #host = new Uint32Array(lineBytes / 4);
  readonly #worker = new Uint32Array(lineBytes / 4);
  readonly #hostBytes = new Uint8Array(this.#host.buffer);
  // One object for the options of every look: readSync with positional arguments takes 0.2 µs more.
  readonly #workerLine = { length: lineBytes, position: offsets.workerLine };
  readonly #workerBytes = new Uint8Array(this.#worker.buffer);
  readonly #slot = new Uint8Array(slotBytes);
  readonly #message = this.#slot.subarray(4);
  readonly #length = new Uint32Array(this.#slot.buffer, 0, 1);
  #isChanged = false;
  #wasAttached = false;
  #isClosed = false;

  /** @param fd open for reading and writing; closed by `close` */
  constructor(fd: number) {
    this.#fd = fd;
  }

  refresh(): void {
    if (this.#isClosed) return;
    const found = readSync(this.#fd, this.#workerBytes, this.#workerLine);
    if (found !== lineBytes) throw segmentLost("the control block", lineBytes, found);
    // A file that was cut and written to again reads as zeros.
    const isAttached = this.#worker[workerWords.attached] === 1;
    if (this.#wasAttached && !isAttached)
      throw segmentLost("the control block", lineBytes, "zeros");
    this.#wasAttached = isAttached;
  }

  workerWord(word: number): number {
    return this.#worker[word] as number;
  }

  setHostWord(word: number, value: number): void {
    this.#host[word] = value;
    this.#isChanged = true;
  }

  flush(): boolean {
    if (!this.#isChanged || this.#isClosed) return false;
    this.#isChanged = false;
    writeSync(this.#fd, this.#hostBytes, 0, lineBytes, offsets.hostLine);
    return true;
  }

  putRequest(text: string, attached?: Uint8Array): boolean {
    const length = putMessage(this.#message, text, attached);
    if (length === undefined) return false;
    this.#length[0] = length;
    writeSync(this.#fd, this.#slot, 0, 4 + length, offsets.request);
    return true;
  }

  putRequestLength(length: number): void {
    this.#length[0] = length;
    writeSync(this.#fd, this.#slot, 0, 4, offsets.request);
  }

  responseLength(): number {
    // Most answers are short: their text comes with the length, in one call.
    const found = readSync(this.#fd, this.#slot, 0, firstRead, offsets.response);
    if (found !== firstRead) throw segmentLost("the response slot", firstRead, found);
    return this.#length[0] as number;
  }

  readResponse(length: number): Uint8Array {
    const rest = 4 + Math.min(length, maxSlotMessage) - firstRead;
    if (rest > 0) {
      const at = offsets.response + firstRead;
      const found = readSync(this.#fd, this.#slot, firstRead, rest, at);
      if (found !== rest) throw segmentLost("the response slot", rest, found);
    }
    return this.#message.subarray(0, length);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    closeSync(this.#fd);
  }
}

const firstRead = 1024;
