/** Puts chunks of a stream together again: four bytes of length (little-endian), then the content. */
export class FrameReader {
  #head: Buffer = Buffer.alloc(0);
  #frame: Buffer | undefined;
  #filled = 0;
  #resolve: ((frame: Buffer) => void) | undefined;

  /** The next frame. One at a time. */
  next(): Promise<Buffer> {
    return new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  push(chunk: Buffer): void {
    let rest = chunk;
    if (this.#frame === undefined) {
      const start = this.#head.length === 0 ? chunk : Buffer.concat([this.#head, chunk]);
      if (start.length < 4) {
        this.#head = start;
        return;
      }
      this.#head = Buffer.alloc(0);
      const length = start.readUInt32LE(0);
      // An array gets memory of its own, made once.
      this.#frame = Buffer.from(new ArrayBuffer(length));
      this.#filled = 0;
      rest = start.subarray(4);
    }
    rest.copy(this.#frame, this.#filled);
    this.#filled += rest.length;
    if (this.#filled === this.#frame.length) {
      const frame = this.#frame;
      this.#frame = undefined;
      this.#resolve?.(frame);
    }
  }
}
