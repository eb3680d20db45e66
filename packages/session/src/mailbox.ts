import { TrError } from "@tr/protocol/errors";
import type { Tensor } from "@tr/tsr-codec";
import type { Answer } from "./pending-request.js";
import { startTimer } from "./timer.js";

/** One request of `sendRequest`: its command, and the answer or the reason why there is none. */
export interface Letter {
  readonly command: string;
  readonly outcome: Answer | TrError;
}

/** Answers to `sendRequest`, in the order they came, until somebody fetches them. */
export class Mailbox {
  readonly #letters: Letter[] = [];
  /** The tensors of the last answer that was read as text. */
  #kept = new Map<string, Tensor>();
  readonly #waiters: ((letter: Letter) => void)[] = [];

  get isEmpty(): boolean {
    return this.#letters.length === 0;
  }

  /** An answer was read as text: its tensors stay to be received by their tags. */
  keep(tensors: Map<string, Tensor>): void {
    if (tensors.size > 0) this.#kept = tensors;
  }

  /** The tensor of that tag, of the answer read last or of one that is unread. */
  takeTensor(tag: string): Tensor | undefined {
    const kept = this.#kept.get(tag);
    if (this.#kept.delete(tag)) return kept;
    for (const { outcome } of this.#letters) {
      const tensor = "response" in outcome ? outcome.tensors.get(tag) : undefined;
      if (tensor !== undefined && "response" in outcome) {
        outcome.tensors.delete(tag);
        return tensor;
      }
    }
    return undefined;
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
      const stopTimer =
        timeoutMs === undefined
          ? () => {}
          : startTimer(timeoutMs, () => leave(waitTimedOut(timeoutMs)));
      const finish = () => {
        stopTimer();
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
    this.#kept = new Map();
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
