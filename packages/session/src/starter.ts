import { abortable } from "./abortable.js";

/** A start under way, its pause included. Whoever wants one meanwhile waits for the same. */
interface Starting {
  readonly promise: Promise<void>;
  readonly control: AbortController;
  /** Ends the pause. */
  hurry(): void;
  callers: number;
}

/** The starts of a session, one at a time. */
export class Starter {
  readonly #start: (signal: AbortSignal, isOwn: boolean) => Promise<void>;
  #current: Starting | undefined;

  /** @param start `signal`: its reason is the TrError to fail with; `isOwn`: the session's own, by `startAfter` */
  constructor(start: (signal: AbortSignal, isOwn: boolean) => Promise<void>) {
    this.#start = start;
  }

  get isStarting(): boolean {
    return this.#current !== undefined;
  }

  /** Waits for the start that is under way, if there is one. @throws its error; `TR_CANCELLED`. */
  async wait(signal?: AbortSignal): Promise<void> {
    if (this.#current !== undefined) await staying(abortable(this.#current.promise, signal));
  }

  /** Starts, or hurries and joins the start that is under way. When the last who wanted it aborts, it ends. */
  async start(signal?: AbortSignal): Promise<void> {
    // One that was called off is not for who comes after.
    while (this.#current?.control.signal.aborted) {
      await staying(
        abortable(
          this.#current.promise.catch(() => undefined),
          signal,
        ),
      );
    }
    this.#current ??= this.#begin(0, false);
    const starting = this.#current;
    starting.hurry();
    starting.callers++;
    try {
      await staying(abortable(starting.promise, signal));
    } catch (error) {
      if (signal?.aborted && starting.callers === 1) {
        starting.control.abort(error);
        await starting.promise.catch(() => undefined); // why it failed is `error`, which is thrown below
      }
      throw error;
    } finally {
      starting.callers--;
    }
  }

  /** Starts after a pause, on the session's own account: it goes on whoever gives it up. */
  startAfter(pauseMs: number): { promise: Promise<void>; signal: AbortSignal } {
    this.#current = this.#begin(pauseMs, true);
    const { promise, control } = this.#current;
    return { promise, signal: control.signal };
  }

  /** Ends the start that is under way; resolves when it has ended. */
  async abort(reason: Error): Promise<void> {
    const starting = this.#current;
    starting?.control.abort(reason);
    await starting?.promise.catch(() => undefined); // its own callers are told why it failed
  }

  #begin(pauseMs: number, isOwn: boolean): Starting {
    const control = new AbortController();
    const { signal } = control;
    let hurry = () => {};
    const run = async () => {
      try {
        if (pauseMs > 0) {
          await new Promise<void>((resolve) => {
            const timer = setTimeout(resolve, pauseMs);
            timer.unref(); // who waits for the start stays; nobody else
            hurry = () => {
              clearTimeout(timer);
              resolve();
            };
            signal.addEventListener("abort", hurry, { once: true });
          });
        }
        signal.throwIfAborted();
        await this.#start(signal, isOwn);
      } finally {
        this.#current = undefined;
      }
    };
    const promise = run();
    promise.catch(() => undefined); // its callers wait for it one by one, and some have gone
    return { promise, control, hurry: () => hurry(), callers: isOwn ? 1 : 0 };
  }
}

/** `promise`; meanwhile this program does not end. */
async function staying<T>(promise: Promise<T>): Promise<T> {
  const timer = setInterval(() => {}, 2 ** 31 - 1);
  try {
    return await promise;
  } finally {
    clearInterval(timer);
  }
}
