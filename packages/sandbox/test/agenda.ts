/** What is going to happen in a model's own time. */
export class Agenda {
  now = 0;
  readonly #entries = new Set<{ at: number; run: () => void }>();

  /** At once when there is nothing to wait for. Gives what forgets it. */
  after(ms: number, run: () => void): () => void {
    if (ms === 0) {
      run();
      return () => {};
    }
    const entry = { at: this.now + ms, run };
    this.#entries.add(entry);
    return () => void this.#entries.delete(entry);
  }

  advance(ms: number): void {
    const end = this.now + ms;
    for (;;) {
      const [next] = [...this.#entries].toSorted((a, b) => a.at - b.at);
      if (!next || next.at > end) break;
      this.#entries.delete(next);
      this.now = next.at;
      next.run();
    }
    this.now = end;
  }
}
