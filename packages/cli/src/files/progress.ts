import { size } from "../doctor/finding.js";

/** Work that is over sooner needs no word about it. */
const silentMs = 500;
const betweenMs = 100;

/** A line on a terminal, written over and removed at the end; elsewhere nothing. */
export class Progress {
  readonly #total: number;
  readonly #stream: { isTTY?: boolean; write(text: string): unknown };
  readonly #now: () => number;
  #next: number;
  #done = 0;
  #isShown = false;

  constructor(
    total: number,
    stream: { isTTY?: boolean; write(text: string): unknown } = process.stderr,
    now: () => number = () => performance.now(),
  ) {
    this.#total = total;
    this.#stream = stream;
    this.#now = now;
    this.#next = now() + silentMs;
  }

  add(bytes: number): void {
    this.#done += bytes;
    if (this.#stream.isTTY !== true || this.#now() < this.#next) return;
    this.#next = this.#now() + betweenMs;
    this.#isShown = true;
    const percent = Math.floor((100 * this.#done) / Math.max(this.#total, 1));
    this.#stream.write(`\r${size(this.#done)} of ${size(this.#total)}, ${percent} %\x1b[K`);
  }

  end(): void {
    if (this.#isShown) this.#stream.write("\r\x1b[K");
  }
}
