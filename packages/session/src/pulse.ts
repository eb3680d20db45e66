/** How often a worker of level 2 says that it lives, in ms. */
export const beatMs = 1000;
/** After how much silence it is called unresponsive. */
export const silenceMs = 3 * beatMs;
/** How long before that the last look is, at the latest: whoever was stopped together with this program can beat again meanwhile. */
const doubtMs = beatMs / 2;

/**
 * How long a worker has been silent, by looks at its heartbeat. The time in which this program did not
 * look (a blocked event loop, a suspended machine) is not the worker's: of a gap that is longer than
 * planned one beat counts.
 */
export class Pulse {
  #seq: number | undefined;
  #lookedMs: number;
  #plannedMs = beatMs;
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

  /**
   * When to look again.
   *
   * @param isHeard whether somebody wants to know of every beat; else only of the silence
   */
  plan(isHeard: boolean): number {
    const left = Math.ceil(silenceMs - this.#silentMs);
    const next = left > 0 ? Math.min(beatMs, left) : beatMs;
    this.#plannedMs = isHeard ? next : Math.max(next, left - doubtMs);
    return this.#plannedMs;
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
    this.#silentMs += gapMs > this.#plannedMs + doubtMs ? beatMs : gapMs;
    if (!this.isUnresponsive || this.#isKnown) return undefined;
    this.#isKnown = true;
    return "silence";
  }
}
