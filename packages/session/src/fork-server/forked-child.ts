import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import type { Child } from "../worker-process.js";
import type { End } from "./reports.js";

/** A worker that a template has forked, as Node shows a child of its own. */
export class ForkedChild extends EventEmitter implements Child {
  readonly stdio: readonly Socket[];
  readonly #hold: () => () => void;
  #release: (() => void) | undefined;

  /** @param hold keeps this program alive while it waits for the news of the end */
  constructor(pipes: readonly Socket[], hold: () => () => void) {
    super();
    this.stdio = pipes;
    this.#hold = hold;
  }

  get stdin(): Socket | null {
    return this.stdio[0] ?? null;
  }

  get stdout(): Socket | null {
    return this.stdio[1] ?? null;
  }

  get stderr(): Socket | null {
    return this.stdio[2] ?? null;
  }

  ref(): void {
    this.#release ??= this.#hold();
  }

  unref(): void {
    this.#release?.();
    this.#release = undefined;
  }

  /** It has ended. */
  ended({ exitCode, signal }: End): void {
    this.stdin?.destroy();
    this.emit("exit", exitCode, signal);
  }
}
