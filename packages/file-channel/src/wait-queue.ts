import { TrError } from "@tr/protocol/errors";
import type { WaitOptions } from "./file-channel.js";
import { pollIntervalMs } from "./poll-interval.js";
import { closed } from "./translate-error.js";

interface Waiter {
  /** Looks; true when the wait is over. */
  look(): boolean;
  /** By performance.now(): a monotonic clock. */
  deadlineMs: number;
  keepAlive: boolean;
  timeOut(): void;
  fail(error: unknown): void;
}

/** setTimeout runs at once when it is given more than a signed 32-bit number of milliseconds. */
const maxTimerMs = 2 ** 31 - 1;

/** How long after the last wait notifications are still wanted: calls that follow each other need not begin them anew. */
const lingerMs = 500;

/**
 * All waits of one channel: looks on every hint, and by a poll underneath whose interval grows while
 * nothing is found. Hints of one turn of the event loop are one look.
 */
export class WaitQueue {
  readonly #waiters = new Set<Waiter>();
  readonly #listeners = new Set<() => void>();
  readonly #startHints: () => void;
  readonly #stopHints: () => void;
  #lastWaitMs = 0;
  #misses = 0;
  #timer: NodeJS.Timeout | undefined;
  #hint: NodeJS.Immediate | undefined;
  #closed = false;

  /**
   * @param startHints begins to call `hint()`; called before the first wait looks, and again before others
   * @param stopHints called when hints come that nobody waits for
   */
  constructor(startHints: () => void, stopHints: () => void = () => {}) {
    this.#startHints = startHints;
    this.#stopHints = stopHints;
  }

  async waitFor<T>(look: () => T | undefined, options: WaitOptions): Promise<T | undefined> {
    const { timeoutMs, signal, keepAlive = true } = options;
    if (timeoutMs !== undefined && !(timeoutMs >= 0)) {
      throw new TrError(
        "TR_INVALID_ARGUMENT",
        `timeoutMs must be 0 or more milliseconds, or undefined for ever, found ${timeoutMs}.`,
      );
    }
    if (this.#closed) throw closed();
    signal?.throwIfAborted();
    // First the notifications, then the look: a change between the two would be missed otherwise.
    this.#startHints();
    const found = look();
    if (found !== undefined || timeoutMs === 0) {
      if (found !== undefined) this.hit();
      return found;
    }
    // `look` is the caller's code: it may have closed the channel or aborted the signal.
    if (this.#closed) throw closed();
    signal?.throwIfAborted();
    return new Promise((resolve, reject) => {
      const end = () => {
        this.#waiters.delete(waiter);
        this.#lastWaitMs = performance.now();
        signal?.removeEventListener("abort", abort);
        this.#arm();
      };
      const abort = () => waiter.fail(signal?.reason);
      const waiter: Waiter = {
        deadlineMs: performance.now() + (timeoutMs ?? Number.POSITIVE_INFINITY),
        keepAlive,
        look: () => {
          const found = look();
          if (found === undefined) return false;
          end();
          resolve(found);
          return true;
        },
        timeOut: () => {
          end();
          resolve(undefined);
        },
        fail: (error) => {
          end();
          reject(error);
        },
      };
      signal?.addEventListener("abort", abort);
      this.#waiters.add(waiter);
      this.#misses = 0; // a new wait must not inherit the long interval of an idle one
      this.#arm();
    });
  }

  onHint(listener: () => void): () => void {
    if (this.#closed) throw closed();
    const own = () => listener(); // the same function may be given twice
    this.#listeners.add(own);
    this.#startHints();
    return () => this.#listeners.delete(own);
  }

  /** Something may have changed: looks in this turn of the event loop, once for any number of hints. */
  hint(): void {
    if (this.#closed || this.#hint !== undefined) return;
    if (this.#waiters.size === 0 && this.#listeners.size === 0) {
      // A wait begins with a look. Until then each change would wake an idle program for nothing.
      if (performance.now() - this.#lastWaitMs > lingerMs) this.#stopHints();
      return;
    }
    this.#hint = setImmediate(() => {
      this.#hint = undefined;
      if (this.#lookAll()) this.hit();
      for (const listener of [...this.#listeners]) listener();
    });
  }

  /** Something was found: the poll starts again at its shortest interval. */
  hit(): void {
    if (this.#misses === 0) return;
    this.#misses = 0;
    this.#arm();
  }

  close(): void {
    this.#closed = true;
    clearImmediate(this.#hint);
    this.#listeners.clear();
    for (const waiter of [...this.#waiters]) waiter.fail(closed());
  }

  #lookAll(): boolean {
    let hit = false;
    for (const waiter of [...this.#waiters]) {
      if (!this.#waiters.has(waiter)) continue; // another look ended it
      try {
        hit = waiter.look() || hit;
      } catch (error) {
        waiter.fail(error);
      }
    }
    return hit;
  }

  /** Sets the one timer to the next poll or the next deadline, whichever comes first. */
  #arm(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#waiters.size === 0) return;
    let delay = pollIntervalMs(this.#misses);
    let keepAlive = false;
    const now = performance.now();
    for (const waiter of this.#waiters) {
      delay = Math.min(delay, waiter.deadlineMs - now);
      keepAlive ||= waiter.keepAlive;
    }
    // Rounded up: a timer a fraction early would only be set again.
    this.#timer = setTimeout(
      () => this.#tick(),
      Math.min(Math.max(0, Math.ceil(delay)), maxTimerMs),
    );
    if (!keepAlive) this.#timer.unref();
  }

  #tick(): void {
    // The last look comes after the deadline: what arrived in time is never reported as late.
    if (this.#lookAll()) this.#misses = 0;
    else this.#misses += 1;
    const now = performance.now();
    for (const waiter of [...this.#waiters]) if (waiter.deadlineMs <= now) waiter.timeOut();
    this.#arm();
  }
}
