import { TrError } from "@tr/protocol/errors";

/** When a crashed worker is started again. Times are milliseconds. */
export interface RestartOptions {
  onCrash: boolean;
  /** Default: 5. */
  maxRestarts?: number | undefined;
  /** Default: 180,000. */
  windowMs?: number | undefined;
}

export interface RestartLimits {
  readonly maxRestarts: number;
  readonly windowMs: number;
}

const longestDelayMs = 5000;

/** Counts restarts: at once, then after 100 ms, 200, 400, … up to 5 s, and no more than so many within the window. */
export class RestartPolicy {
  readonly #maxRestarts: number;
  readonly #windowMs: number;
  #restarts: number[] = [];

  constructor({ maxRestarts, windowMs }: RestartLimits) {
    this.#maxRestarts = maxRestarts;
    this.#windowMs = windowMs;
  }

  /** How long to wait before the next start; `undefined`: there were too many. */
  next(nowMs: number): number | undefined {
    this.#restarts = this.#restarts.filter((restartMs) => nowMs - restartMs < this.#windowMs);
    const before = this.#restarts.length;
    if (before >= this.#maxRestarts) return undefined;
    this.#restarts.push(nowMs);
    return before === 0 ? 0 : Math.min(100 * 2 ** (before - 1), longestDelayMs);
  }

  /** The error of a crash after which nothing is started any more. */
  exhausted(reason: TrError): TrError {
    const times = this.#maxRestarts === 1 ? "once" : `${this.#maxRestarts} times`;
    return new TrError(
      reason.code,
      `${reason.message}\nIt was started again ${times} within ${this.#windowMs} ms and is not any more (option restart).`,
      { ...reason, cause: reason } as never, // the fields of its code are its own properties
    );
  }
}
