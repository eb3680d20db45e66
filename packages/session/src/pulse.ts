/** How often a worker of level 2 says that it lives, in ms. */
export const beatMs = 1000;
/** After how much silence it is called unresponsive. */
export const silenceMs = 3 * beatMs;

/**
 * How long a worker has been silent, by looks at its heartbeat. The time in which this program did not
 * look (a blocked event loop, a suspended machine) is not the worker's: of a longer gap one beat counts.
 */
export class Pulse {
  #seq: number | undefined;
  #lookedMs: number;
  #silentMs = 0;
  #isKnown = false;

  constructor(nowMs: number) {
    this.#lookedMs = nowMs;
  }

  get silentMs(): number {
    return this.#silentMs;
  }

  get isUnresponsive(): boolean {
    return this.#silentMs >= silenceMs;
  }

  /** When to look again: with every beat, and when the silence has become too long. */
  get nextLookMs(): number {
    const left = silenceMs - this.#silentMs;
    return left > 0 ? Math.min(beatMs, Math.ceil(left)) : beatMs;
  }

  /**
   * @param nowMs by a monotonic clock
   * @param beat the last one that is there, and how long ago it was written as far as the clock of the day tells
   * @returns what is to be told: a new beat, or once that there is none
   */
  look(
    nowMs: number,
    beat: { seq: number; ageMs: number } | undefined,
  ): "beat" | "silence" | undefined {
    const gapMs = nowMs - this.#lookedMs;
    this.#lookedMs = nowMs;
    if (beat !== undefined && beat.seq !== this.#seq) {
      this.#seq = beat.seq;
      this.#silentMs = Math.min(Math.max(beat.ageMs, 0), beatMs);
      this.#isKnown = false;
      return "beat";
    }
    this.#silentMs += gapMs > 1.5 * beatMs ? beatMs : gapMs;
    if (!this.isUnresponsive || this.#isKnown) return undefined;
    this.#isKnown = true;
    return "silence";
  }
}
