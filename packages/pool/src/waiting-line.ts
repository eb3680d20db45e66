import { TrError } from "@tr/session";
import { callListener } from "./call-listener.js";
import { longestTimerMs } from "./options.js";

export interface WaitOptions {
  readonly signal?: AbortSignal | undefined;
  /** How long to wait, in ms. */
  readonly timeoutMs: number;
  /** Told at once, and whenever it changes: how many wait before this one. */
  readonly onPosition?: ((position: number) => void) | undefined;
}

interface Waiter<Wish, Gift> {
  readonly wish: Wish;
  readonly onPosition: ((position: number) => void) | undefined;
  give(gift: Gift): void;
  refuse(error: TrError): void;
}

/** First come, first served. */
export class WaitingLine<Wish, Gift> {
  readonly #waiters: Waiter<Wish, Gift>[] = [];

  get length(): number {
    return this.#waiters.length;
  }

  /** What the first in the line wants. */
  get first(): Wish | undefined {
    return this.#waiters[0]?.wish;
  }

  /** Joins at the end. @throws TrError `TR_CANCELLED` (`stopped: "unsent"`), `TR_ACQUIRE_TIMEOUT`, or what {@link refuseAll} gives. */
  join(wish: Wish, { signal, timeoutMs, onPosition }: WaitOptions): Promise<Gift> {
    if (signal?.aborted) return Promise.reject(cancelled(signal));
    return new Promise((resolve, reject) => {
      const leave = (error: TrError) => {
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
        waiter.refuse(error);
        this.#moved();
      };
      const onAbort = () => leave(cancelled(signal));
      const timer = setTimeout(
        () => leave(timedOut(timeoutMs)),
        Math.min(timeoutMs, longestTimerMs),
      );
      const done = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", onAbort);
      };
      const waiter: Waiter<Wish, Gift> = {
        wish,
        onPosition,
        give(gift) {
          done();
          resolve(gift);
        },
        refuse(error) {
          done();
          reject(error);
        },
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#waiters.push(waiter);
      tellPosition(waiter, this.#waiters.length - 1);
    });
  }

  /** Gives the first in the line what it wants; it leaves. */
  serveFirst(gift: Gift): void {
    this.#waiters.shift()?.give(gift);
    this.#moved();
  }

  refuseAll(error: TrError): void {
    for (const waiter of this.#waiters.splice(0)) waiter.refuse(error);
  }

  #moved(): void {
    for (const [position, waiter] of [...this.#waiters].entries()) tellPosition(waiter, position);
  }
}

function tellPosition({ onPosition }: Pick<WaitOptions, "onPosition">, position: number): void {
  if (onPosition !== undefined) callListener(() => onPosition(position));
}

function cancelled(signal: AbortSignal | undefined): TrError {
  return new TrError("TR_CANCELLED", "cancelled while it waited for a worker", {
    cause: signal?.reason,
    stopped: "unsent",
  });
}

function timedOut(timeoutMs: number): TrError {
  return new TrError(
    "TR_ACQUIRE_TIMEOUT",
    `no worker was free within ${timeoutMs} ms (option acquireTimeoutMs); make the pool larger, or the calls shorter`,
  );
}
