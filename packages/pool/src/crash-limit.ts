/**
 * How often a process may crash before it is given up, and how long to wait before each new start: at once,
 * then after 100 ms, 200, 400, … up to 5 s. Pure: the times are passed in.
 */
export class CrashLimit {
  readonly #maxCrashes: number;
  readonly #windowMs: number;
  readonly #times: number[] = [];

  /** @param maxCrashes within `windowMs`: it is given up with the last of them */
  constructor(maxCrashes = 5, windowMs = 180_000) {
    this.#maxCrashes = maxCrashes;
    this.#windowMs = windowMs;
  }

  /** As if there had been none. */
  forget(): void {
    this.#times.length = 0;
  }

  /** Notes a crash. The delay before the next start, in ms; `undefined`: there have been too many. */
  crashed(nowMs: number): number | undefined {
    while (this.#times.length > 0 && nowMs - (this.#times[0] as number) >= this.#windowMs) {
      this.#times.shift();
    }
    this.#times.push(nowMs);
    const count = this.#times.length;
    if (count >= this.#maxCrashes) return undefined;
    return count === 1 ? 0 : Math.min(5000, 100 * 2 ** (count - 2));
  }
}
