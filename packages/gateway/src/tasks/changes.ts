/** Tells those who wait for something of one task that there may be news. */
export class Changes {
  readonly #waiting = new Map<number, Set<() => void>>();

  tell(seq: number): void {
    const waiting = this.#waiting.get(seq);
    this.#waiting.delete(seq);
    for (const wake of waiting ?? []) wake();
  }

  tellAll(): void {
    for (const seq of [...this.#waiting.keys()]) this.tell(seq);
  }

  /** Resolves with the next news, or with the signal. */
  next(seq: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const waiting = this.#waiting.get(seq) ?? new Set();
      const wake = () => {
        signal.removeEventListener("abort", wake);
        waiting.delete(wake);
        if (waiting.size === 0 && this.#waiting.get(seq) === waiting) this.#waiting.delete(seq);
        resolve();
      };
      this.#waiting.set(seq, waiting.add(wake));
      signal.addEventListener("abort", wake, { once: true });
    });
  }
}
