import type { WriteStream } from "node:tty";
import type { Epoch } from "./epoch.js";

const cells = 24;
const levels = "▁▂▃▄▅▆▇█";

/** The training in one line of the terminal, drawn anew at every step; a line an epoch where there is no terminal. */
export class Display {
  readonly #stream: Pick<WriteStream, "isTTY" | "write">;
  readonly #epochs: number;
  readonly #losses: number[] = [];
  #last = "loss –";

  constructor(stream: Pick<WriteStream, "isTTY" | "write">, epochs: number) {
    this.#stream = stream;
    this.#epochs = epochs;
  }

  /** Within an epoch: the part of it that is done, between 0 and 1. */
  step(part: number): void {
    if (this.#stream.isTTY) this.#draw(part);
  }

  epoch({ loss, accuracy }: Epoch): void {
    this.#losses.push(loss);
    this.#last = `loss ${loss.toFixed(4)}, ${(100 * accuracy).toFixed(1)} % right`;
    if (this.#stream.isTTY) this.#draw(0);
    else this.#stream.write(`epoch ${this.#losses.length} of ${this.#epochs}: ${this.#last}\n`);
  }

  end(): void {
    if (this.#stream.isTTY) this.#stream.write("\n");
  }

  #draw(part: number): void {
    const done = (this.#losses.length + part) / this.#epochs;
    const filled = Math.floor(cells * done);
    const bar = "█".repeat(filled) + "░".repeat(cells - filled);
    const count = `${this.#losses.length} of ${this.#epochs}`;
    // Back to the start of the line, and away with what was there.
    this.#stream.write(`\r\x1b[2K${bar} ${count} ${sparkline(this.#losses)} ${this.#last}`);
  }
}

/** The last values as a row of bars, the largest of them a full one. */
export function sparkline(values: readonly number[]): string {
  const shown = values.slice(-cells);
  const most = Math.max(...shown);
  const level = (value: number) =>
    levels[Math.min(levels.length - 1, Math.floor((levels.length * value) / most))];
  return shown.map(level).join("");
}
