/**
 * Calls `beat` every so often from {@link begin} until it says that there is nothing to keep alive, or
 * {@link end}. Never keeps the program alive, nor calls while a call is under way.
 */
export class Heartbeat {
  readonly #everyMs: number | false;
  readonly #beat: () => Promise<boolean>;
  #timer: NodeJS.Timeout | undefined;

  constructor(everyMs: number | false, beat: () => Promise<boolean>) {
    this.#everyMs = everyMs;
    this.#beat = beat;
  }

  begin(): void {
    if (this.#everyMs === false || this.#timer !== undefined) return;
    const timer = setTimeout(async () => {
      // A server that does not answer says so to the next call of the user's; it may be back at the next beat.
      const isNeeded = await this.#beat().catch(() => true);
      if (this.#timer !== timer) return;
      this.#timer = undefined;
      if (isNeeded) this.begin();
    }, this.#everyMs);
    timer.unref();
    this.#timer = timer;
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
