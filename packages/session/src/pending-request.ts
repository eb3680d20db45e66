import type { Progress, Response } from "@tr/protocol";
import type { Stopped, TrError } from "@tr/protocol/errors";
import type { MemoryField } from "@tr/shared-memory";
import type { Tensor } from "@tr/tsr-codec";
import { cancelled, fellSilent, type GivenUp, timedOut } from "./stopped-errors.js";
import type { TensorFile } from "./tensor-files.js";
import { startTimer } from "./timer.js";

export interface OutgoingRequest {
  readonly command: string;
  /** Written before the request; taken back when the request cannot be sent. */
  readonly tensors: readonly TensorFile[];
  /**
   * The request's text, made when its turn comes. `isTerse`: for a worker of level 2 alone. `memory`: where
   * its tensors are, if not in files.
   */
  toText(id: string, isTerse: boolean, memory?: MemoryField): string;
}

export interface Answer {
  readonly response: Response;
  /** By tag. */
  readonly tensors: Map<string, Tensor>;
}

/** An answer, which can be an error response, or why there will be none. */
export type Outcome = Answer | TrError;

/** Where the items of a stream go. */
export interface ItemSink {
  /** Whether somebody waits: only then does the stream keep the program alive, and silence counts. */
  readonly isAwaited: boolean;
  /** The longest silence while somebody waits. */
  readonly idleTimeoutMs?: number | undefined;
  /** How many items may come, since the beginning. */
  readonly granted: number;
  item(answer: Answer): void;
}

export interface Limits {
  /** Counts from the moment the request is sent. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onSent?: (() => void) | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** Makes it a stream. */
  readonly sink?: ItemSink | undefined;
}

/** What a request asks of the exchange that it belongs to. */
export interface RequestHost {
  /** Nobody wants it any more; `stopped` or `left` follows. */
  onGivenUp(pending: PendingRequest): void;
  /** Looks for answers that are there: what has come in time is not late because this program was. */
  look(): void;
}

/** One request from its call to its outcome, which is told once. */
export class PendingRequest {
  /**
   * `cancelling`: given up, and the worker was told; its caller waits to hear what became of it.
   * `left`: its caller is gone but the worker, which cannot be told, still owes the answer; that will
   * be dropped. `answered`: the last answer is there and its tensors are being read.
   */
  phase: "queued" | "sending" | "sent" | "cancelling" | "left" | "answered" = "queued";
  /** How many items have come. */
  received = 0;
  readonly id: string;
  readonly request: OutgoingRequest;
  readonly limits: Limits;
  readonly #settle: (outcome: Outcome) => void;
  readonly #host: RequestHost;
  #why: GivenUp | undefined;
  #isSettled = false;
  #stopLimit: (() => void) | undefined;
  #stopIdle: (() => void) | undefined;
  #stopGrace: (() => void) | undefined;
  /** Until what was received before has been told. */
  #telling: Promise<void> | undefined;

  constructor(
    id: string,
    request: OutgoingRequest,
    limits: Limits,
    settle: (outcome: Outcome) => void,
    host: RequestHost,
  ) {
    this.id = id;
    this.request = request;
    this.limits = limits;
    this.#settle = settle;
    this.#host = host;
    limits.signal?.addEventListener("abort", this.#onAbort, { once: true });
  }

  get isStream(): boolean {
    return this.limits.sink !== undefined;
  }

  /** Whether somebody waits for what the worker does. */
  get isAwaited(): boolean {
    return !this.#isSettled && (this.limits.sink?.isAwaited ?? true);
  }

  /** Whether it takes one of the worker's places: a stream waits for its consumer most of the time. */
  get takesPlace(): boolean {
    return !this.isStream || this.phase === "sending";
  }

  /** Whether it has a use for an answer of that kind. */
  takes({ final, kind }: Response): boolean {
    return final || kind === "progress" || this.isStream;
  }

  /** It is written: the limits count from now. */
  sent(): void {
    this.phase = "sent";
    this.#startLimit();
    this.heard();
    this.limits.onSent?.();
  }

  /** The worker has said something, or the consumer has begun or ceased to wait: silence counts anew. */
  heard(): void {
    this.#stopIdle?.();
    const { idleTimeoutMs, isAwaited } = this.limits.sink ?? {};
    if (idleTimeoutMs === undefined || !isAwaited || this.phase !== "sent") return;
    const stop = startTimer(idleTimeoutMs, () => {
      this.#host.look();
      if (this.#stopIdle === stop) this.giveUp(fellSilent(this.request.command, idleTimeoutMs));
    });
    this.#stopIdle = stop;
  }

  /**
   * It waits behind a request that was left. The moment of sending may never come, so the limit counts
   * from now: the caller of a worker that hangs is not kept for ever.
   */
  waitsBehindAnother(): void {
    if (this.#stopLimit === undefined) this.#startLimit();
  }

  /** The last answer has come; nothing ends it early any more. */
  answered(): void {
    this.phase = "answered";
    this.#stopWatching();
  }

  /** Nobody wants it any more, and this is why. */
  giveUp(why: GivenUp): void {
    if (this.#isSettled || this.#why !== undefined || this.phase === "answered") return;
    this.#why = why;
    this.#stopWatching();
    this.#host.onGivenUp(this);
  }

  /** The worker is told to stop; what it does not end within the grace is for `onStuck`. */
  cancelling(graceMs: number, onStuck: () => void): void {
    this.phase = "cancelling";
    this.#stopWatching();
    this.#stopGrace = startTimer(graceMs, () => {
      this.#host.look();
      if (this.phase === "cancelling" && this.#stopGrace !== undefined) onStuck();
    });
  }

  /** What became of a request that was given up. */
  stopped(how: Stopped | undefined, fault?: TrError): void {
    const why = this.#why ?? cancelled(this.request.command);
    this.settle(why(how, fault));
  }

  /** Tells the caller, once. */
  settle(outcome: Outcome): void {
    this.#stopGrace?.();
    this.#stopGrace = undefined;
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#stopWatching();
    this.#settle(outcome);
  }

  /** Calls `tell` with what is read, or `fail`, when everything that came before has been told. */
  inOrder<T>(
    reading: T | Promise<T> | undefined,
    tell: (read: T | undefined) => void,
    fail: (error: TrError) => void,
  ): void {
    if (!(reading instanceof Promise) && this.#telling === undefined) {
      tell(reading);
      return;
    }
    if (reading instanceof Promise) reading.catch(() => undefined); // `fail` is told, perhaps later
    const telling = (this.#telling ?? Promise.resolve())
      .then(() => reading)
      .then(tell, fail)
      .finally(() => {
        if (this.#telling === telling) this.#telling = undefined;
      });
    this.#telling = telling;
  }

  item(answer: Answer): void {
    this.received++;
    if (!this.#isSettled) this.limits.sink?.item(answer);
  }

  /** How many items the worker may give. */
  get granted(): number | undefined {
    return this.phase === "sent" ? this.limits.sink?.granted : undefined;
  }

  readonly #onAbort = (): void => this.giveUp(cancelled(this.request.command, this.limits.signal));

  #startLimit(): void {
    this.#stopLimit?.();
    const { timeoutMs } = this.limits;
    if (timeoutMs === undefined) return;
    this.#stopLimit = startTimer(timeoutMs, () => {
      this.#host.look();
      this.giveUp(timedOut(this.request.command, timeoutMs));
    });
  }

  #stopWatching(): void {
    this.#stopLimit?.();
    this.#stopIdle?.();
    this.limits.signal?.removeEventListener("abort", this.#onAbort);
  }
}
