import { timestampMs } from "../timestamp.js";

/** What ended in one step of time. */
export interface HistoryPoint {
  /** When the step began, in seconds since 1970. */
  readonly time: number;
  readonly ended: number;
  /** Of those that ended, how many with an error. */
  readonly failed: number;
  /** How long they lasted together, in seconds. */
  readonly totalSeconds: number;
  readonly longestSeconds: number;
}

export const secondsPerPoint = 5;
const maxPoints = 60;

/** How many sessions have ended in the last five minutes, and how long they lasted: a fixed amount, however many. */
export class History {
  /** Oldest first; steps in which nothing ended are not there. */
  #points: HistoryPoint[] = [];

  add(lastedMs: number, isFailed: boolean, now: number = timestampMs()): void {
    const seconds = lastedMs / 1000;
    const time = stepOf(now);
    const last = this.#points.at(-1);
    // The same step, or the clock was put back.
    const isSame = last !== undefined && last.time >= time;
    const before = isSame ? last : empty(time);
    if (!isSame) this.#points.push(before);
    this.#points[this.#points.length - 1] = {
      time: before.time,
      ended: before.ended + 1,
      failed: before.failed + Number(isFailed),
      totalSeconds: before.totalSeconds + seconds,
      longestSeconds: Math.max(before.longestSeconds, seconds),
    };
    if (this.#points.length > maxPoints) this.#points.shift();
  }

  /** Every step of the last five minutes, oldest first; the last one is not over. */
  points(now: number = timestampMs()): HistoryPoint[] {
    const byTime = new Map(this.#points.map((point) => [point.time, point]));
    return Array.from({ length: maxPoints }, (_, place) => {
      const time = stepOf(now) - (maxPoints - 1 - place) * secondsPerPoint;
      return byTime.get(time) ?? empty(time);
    });
  }
}

function stepOf(ms: number): number {
  return Math.floor(ms / 1000 / secondsPerPoint) * secondsPerPoint;
}

function empty(time: number): HistoryPoint {
  return { time, ended: 0, failed: 0, totalSeconds: 0, longestSeconds: 0 };
}
