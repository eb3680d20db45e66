import { closeSync } from "node:fs";
import { type HostBlock, maxSlotMessage, putMessage } from "./host-block.js";
import { lineBytes, offsets, slotBytes } from "./layout.js";
import type { Mapping, Native } from "./native.js";

/**
 * The block in memory that this process has mapped: every access is a load or a store. Atomics are full
 * barriers, so there is nothing to refresh or to flush.
 */
export class MappedBlock implements HostBlock {
  readonly #native: Native;
  readonly #fd: number;
  readonly #mapping: Mapping;
  readonly #buffer: ArrayBuffer;
  readonly #host: Uint32Array;
  readonly #worker: Uint32Array;
  readonly #requestLength: Uint32Array;
  readonly #responseLength: Uint32Array;
  readonly #request: Uint8Array;
  readonly #response: Uint8Array;
  readonly #copy = new Uint8Array(maxSlotMessage);
  #isChanged = false;
  #isClosed = false;

  /** @param fd a memory file of `offsets.end` bytes; closed by `close` */
  constructor(native: Native, fd: number) {
    this.#native = native;
    this.#fd = fd;
    this.#mapping = native.map(fd, offsets.end);
    this.#buffer = native.view(this.#mapping, 0, offsets.end);
    const words = (at: number, bytes: number) => new Uint32Array(this.#buffer, at, bytes / 4);
    this.#host = words(offsets.hostLine, lineBytes);
    this.#worker = words(offsets.workerLine, lineBytes);
    this.#requestLength = words(offsets.request, 4);
    this.#responseLength = words(offsets.response, 4);
    this.#request = new Uint8Array(this.#buffer, offsets.request + 4, slotBytes - 4);
    this.#response = new Uint8Array(this.#buffer, offsets.response + 4, slotBytes - 4);
  }

  refresh(): void {}

  workerWord(word: number): number {
    return this.#isClosed ? 0 : Atomics.load(this.#worker, word);
  }

  setHostWord(word: number, value: number): void {
    if (this.#isClosed) return; // a tensor given back after the end
    Atomics.store(this.#host, word, value);
    this.#isChanged = true;
  }

  flush(): boolean {
    const wasChanged = this.#isChanged;
    this.#isChanged = false;
    return wasChanged;
  }

  putRequest(text: string, attached?: Uint8Array): boolean {
    const length = putMessage(this.#request, text, attached);
    if (length === undefined) return false;
    this.#requestLength[0] = length;
    return true;
  }

  putRequestLength(length: number): void {
    this.#requestLength[0] = length;
  }

  responseLength(): number {
    return this.#responseLength[0] as number;
  }

  readResponse(length: number): Uint8Array {
    const view = this.#copy.subarray(0, Math.min(length, maxSlotMessage));
    view.set(this.#response.subarray(0, view.length)); // the worker may write the next at once
    return view;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#buffer.transfer(0); // every view is empty before the memory goes
    this.#native.unmap(this.#mapping);
    closeSync(this.#fd);
  }
}
