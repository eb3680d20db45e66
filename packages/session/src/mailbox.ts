import { TrError } from "@tr/protocol/errors";
import type { Answer } from "./exchange.js";

/** One request of `sendRequest`: its command, and the answer or the reason why there is none. */
export interface Letter {
  readonly command: string;
  readonly outcome: Answer | TrError;
}

/** Answers to `sendRequest`, in the order they came, until somebody fetches them. */
export class Mailbox {
  readonly #letters: Letter[] = [];
  readonly #waiters: ((letter: Letter) => void)[] = [];

  get isEmpty(): boolean {
    return this.#letters.length === 0;
  }

  put(letter: Letter): void {
    const waiter = this.#waiters.shift();
    if (waiter === undefined) this.#letters.push(letter);
    else waiter(letter);
  }

  take(): Letter | undefined {
    return this.#letters.shift();
  }

  /** The next letter. @throws TrError `TR_CALL_TIMEOUT`; `TR_CANCELLED` when the signal aborts. Waiting again works. */
  wait(timeoutMs: number | undefined, signal?: AbortSignal): Promise<Letter> {
    const letter = this.take();
    if (letter !== undefined) return Promise.resolve(letter);
    if (signal?.aborted) return Promise.reject(waitCancelled(signal));
    return new Promise((resolve, reject) => {
      const leave = (error: TrError) => {
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
        finish();
        reject(error);
      };
      const onAbort = () => leave(waitCancelled(signal));
      const timer =
        timeoutMs === undefined
          ? undefined
          : setTimeout(() => leave(waitTimedOut(timeoutMs)), timeoutMs);
      const finish = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", onAbort);
      };
      const waiter = (arrived: Letter) => {
        finish();
        resolve(arrived);
      };
      this.#waiters.push(waiter);
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }

  /** Nothing more will come: whoever waits is told why. What has come stays to be read. */
  endWaits(error: TrError): void {
    for (const waiter of this.#waiters.splice(0)) waiter({ command: "", outcome: error });
  }

  /** A new process: the letters of the last one are not its answers. */
  clear(): void {
    this.#letters.length = 0;
  }
}

function waitTimedOut(timeoutMs: number): TrError {
  return new TrError("TR_CALL_TIMEOUT", `no response within ${timeoutMs} ms; waiting again works`, {
    timeoutMs,
  });
}

function waitCancelled(signal: AbortSignal | undefined): TrError {
  return new TrError("TR_CANCELLED", "the wait for a response was cancelled", {
    cause: signal?.reason,
  });
}
