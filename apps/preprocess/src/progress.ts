import type { WriteStream } from "node:tty";

const cells = 30;

/** How far a run is: a bar that grows in place on a terminal, a line each time elsewhere. */
export class Progress {
  readonly #stream: Pick<WriteStream, "isTTY" | "write">;
  readonly #total: number;
  readonly #started = performance.now();

  constructor(stream: Pick<WriteStream, "isTTY" | "write">, total: number) {
    this.#stream = stream;
    this.#total = total;
  }

  show(done: number): void {
    const perSecond = Math.round((1000 * done) / (performance.now() - this.#started));
    const text = `${done} of ${this.#total} images, ${perSecond} per second`;
    if (!this.#stream.isTTY) {
      this.#stream.write(`${text}\n`);
      return;
    }
    const filled = Math.floor((cells * done) / this.#total);
    // Back to the start of the line, and away with what was there.
    const bar = `\r\x1b[2K${"█".repeat(filled)}${"░".repeat(cells - filled)} ${text}`;
    this.#stream.write(done === this.#total ? `${bar}\n` : bar);
  }

  /** Something to say in between: above the bar. */
  note(text: string): void {
    this.#stream.write(this.#stream.isTTY ? `\r\x1b[2K${text}\n` : `${text}\n`);
  }
}
