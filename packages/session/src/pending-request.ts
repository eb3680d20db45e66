import type { Response } from "@tr/protocol";
import type { TrError } from "@tr/protocol/errors";
import type { Tensor } from "@tr/tsr-codec";
import { cancelled, timedOut } from "./errors.js";
import type { TensorFile } from "./tensor-files.js";
import { startTimer } from "./timer.js";

export interface OutgoingRequest {
  readonly command: string;
  /** Written before the request; taken back when the request cannot be sent. */
  readonly tensors: readonly TensorFile[];
  /** The text of request.json, made when the request's turn comes. */
  toText(id: string): string;
}

export interface Answer {
  readonly response: Response;
  /** By tag. */
  readonly tensors: Map<string, Tensor>;
}

/** An answer, which can be an error response, or why there will be none. */
export type Outcome = Answer | TrError;

export interface Limits {
  /** Counts from the moment the request is sent. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onSent?: () => void;
}

/** One request from its call to its outcome, which is told once. */
export class PendingRequest {
  /**
   * `left`: its caller is gone (time-out, abort) but the worker still owes the answer, which will be
   * dropped. `answered`: the answer is there and its tensors are being read.
   */
  phase: "queued" | "sending" | "sent" | "left" | "answered" = "queued";
  readonly id: string;
  readonly request: OutgoingRequest;
  readonly #limits: Limits;
  readonly #settle: (outcome: Outcome) => void;
  readonly #onGivenUp: (pending: PendingRequest) => void;
  #stopTimer: (() => void) | undefined;
  #isSettled = false;

  constructor(
    id: string,
    request: OutgoingRequest,
    limits: Limits,
    settle: (outcome: Outcome) => void,
    /** Its caller is gone; the phase is still the one before. */
    onGivenUp: (pending: PendingRequest) => void,
  ) {
    this.id = id;
    this.request = request;
    this.#limits = limits;
    this.#settle = settle;
    this.#onGivenUp = onGivenUp;
    limits.signal?.addEventListener("abort", this.#onAbort, { once: true });
  }

  /** It is written: the limit counts from now. */
  sent(): void {
    this.phase = "sent";
    this.#startLimit();
    this.#limits.onSent?.();
  }

  /**
   * It waits behind a request that was given up. The moment of sending may never come, so the limit
   * counts from now: the caller of a worker that hangs is not kept for ever.
   */
  waitsBehindAnother(): void {
    if (this.#stopTimer === undefined) this.#startLimit();
  }

  /** The answer has come; nothing ends it early any more. */
  answered(): void {
    this.phase = "answered";
    this.#stopWatching();
  }

  /** Tells the caller, once. */
  settle(outcome: Outcome): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#stopWatching();
    this.#settle(outcome);
  }

  readonly #onAbort = (): void =>
    this.#giveUp((stopped) => cancelled(this.request.command, this.#limits.signal, stopped));

  #startLimit(): void {
    this.#stopTimer?.();
    const { timeoutMs } = this.#limits;
    if (timeoutMs === undefined) return;
    this.#stopTimer = startTimer(timeoutMs, () =>
      this.#giveUp((stopped) => timedOut(this.request.command, timeoutMs, stopped)),
    );
  }

  #giveUp(reason: (stopped: "unsent" | undefined) => TrError): void {
    this.settle(reason(this.phase === "sent" ? undefined : "unsent"));
    this.#onGivenUp(this);
  }

  #stopWatching(): void {
    this.#stopTimer?.();
    this.#limits.signal?.removeEventListener("abort", this.#onAbort);
  }
}
