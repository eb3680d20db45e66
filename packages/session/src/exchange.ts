import type { Response } from "@tr/protocol";
import type { TrError } from "@tr/protocol/errors";
import { AnswerTensors } from "./answer-tensors.js";
import { ArgumentTensors } from "./argument-tensors.js";
import { Books } from "./books.js";
import { Cancels } from "./cancels.js";
import { Credits } from "./credits.js";
import { Dispatcher } from "./dispatcher.js";
import { cleanUpError } from "./errors.js";
import type { ExchangeOptions } from "./exchange-options.js";
import type { MessageSlots } from "./message-slots.js";
import { openSlots } from "./open-slots.js";
import {
  type Answer,
  type Limits,
  type Outcome,
  type OutgoingRequest,
  PendingRequest,
} from "./pending-request.js";
import { Sender } from "./sender.js";
import { cancelled } from "./stopped-errors.js";
import { startTimer } from "./timer.js";

/** How long the end of a process may take to be known after its memory has gone, in ms. */
const endKnownMs = 500;

/**
 * Requests out, answers in, over the files or the shared memory of one running worker. Sends in order, at most
 * `concurrency` at a time, and gives each answer to the request whose id it carries; a level-1 worker
 * knows no ids and answers in order. A request that is given up is taken back, or stopped, or, where
 * the worker can do neither, its answer is dropped when it comes.
 */
export class Exchange {
  /** See {@link AnswerTensors}. */
  readonly tensors: AnswerTensors;
  readonly #options: ExchangeOptions;
  readonly #books = new Books();
  readonly #stop = new AbortController();
  readonly #slots: MessageSlots;
  readonly #dispatcher: Dispatcher;
  readonly #sender: Sender;
  readonly #cancels: Cancels;
  readonly #credits: Credits;
  #isKilling = false;
  #failure: TrError | undefined;

  constructor(options: ExchangeOptions) {
    const { channel, connection } = options;
    this.#options = options;
    const tensors = new AnswerTensors(channel, connection?.tensors);
    this.tensors = tensors;
    this.#dispatcher = new Dispatcher({
      ...options,
      ...{ books: this.#books, tensors, hasAttachments: connection !== undefined },
      onOutcome: (pending, outcome) => this.#finish(pending, outcome),
      onStopped: (pending, response) => this.#stopped(pending, response),
      onUnusable: (pending, error) => {
        if (error.code === "TR_SEGMENT_LOST") this.#lost(pending, error);
        else this.#refuse(pending, error);
      },
    });
    const listener = {
      isExpecting: () => this.#isExpecting,
      onResponse: (bytes: Uint8Array) => this.#dispatcher.dispatch(bytes),
      onBroken: (error: TrError) => this.#break(error),
    };
    this.#slots = openSlots(channel, connection, listener, this.#stop.signal);
    this.#sender = new Sender({
      ...{ slots: this.#slots, tensors },
      argumentTensors: new ArgumentTensors(channel, connection?.tensors),
      onSent: (pending) => this.#sent(pending),
      onUnsent: (pending, error) => this.#unsent(pending, error as TrError),
      onIdle: () => this.#next(),
      onBroken: (error) => this.#break(error),
    });
    this.#cancels = new Cancels(channel, options.announceCancel, this.#stop.signal);
    this.#credits = new Credits(channel, (error) => {
      for (const pending of this.#books.active) if (pending.isStream) this.#refuse(pending, error);
    });
  }

  /** Whether the worker owes an answer. */
  get isBusy(): boolean {
    return this.#books.isBusy;
  }

  /** Whether the last request that ended did so with an error. */
  get hasFailed(): boolean {
    return this.#dispatcher.hasFailed;
  }

  /** How many requests the worker has ended. */
  get served(): number {
    return this.#dispatcher.served;
  }

  /** Resolves to the answer, which can be an error response; rejects when there will be none. */
  submit(request: OutgoingRequest, limits: Limits = {}): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.post(request, limits, (outcome) => {
        if ("response" in outcome) resolve(outcome);
        else reject(outcome);
      });
    });
  }

  /**
   * As {@link submit}; the outcome is there before the state says that the worker is ready again.
   *
   * @returns the request, unless its outcome is there already
   */
  post(
    request: OutgoingRequest,
    limits: Limits,
    settle: (outcome: Outcome) => void,
  ): PendingRequest | undefined {
    const { signal } = limits;
    const refusal =
      this.#failure ?? (signal?.aborted ? cancelled(request.command, signal)("unsent") : undefined);
    if (refusal !== undefined) {
      settle(refusal);
      return undefined;
    }
    const pending = new PendingRequest(this.#options.nextId(), request, limits, settle, {
      onGivenUp: (given) => this.#givenUp(given),
      look: () => this.drain(),
    });
    this.#books.add(pending);
    this.#next();
    this.#books.limitTheQueue();
    return pending;
  }

  /** The consumer of a stream waits for another item, or waits no more. */
  asks(pending: PendingRequest): void {
    pending.heard();
    const { id, granted, received } = pending;
    if (granted !== undefined) this.#credits.grant(id, granted, received);
    this.#changed();
  }

  /** Ends every request with `error`, after a last look at what the worker has answered. */
  fail(error: TrError): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    try {
      this.#takeAll();
      this.#slots.showTaken(); // a worker that leaves waits for it
    } catch {
      // What stands in the place of an answer cannot be read: `error` says already that none will come.
    }
    const open = this.#books.close();
    this.#stop.abort(error);
    this.#sender.stop();
    this.#credits.close();
    for (const pending of open) {
      const isKilled = this.#isKilling && pending.phase === "cancelling";
      const tell = () => (isKilled ? pending.stopped("killed") : pending.settle(error));
      pending.inOrder(undefined, tell, tell); // behind the items that came before
    }
    this.#changed();
  }

  /** Looks for answers now, without waiting for the event loop's turn. */
  drain(): void {
    if (this.#failure !== undefined) return;
    try {
      this.#takeAll();
    } catch (error) {
      this.#break(error as TrError);
    }
    if (this.#isExpecting) this.#slots.listen();
  }

  /** The worker is about to be asked to leave: it waits until its answers are taken. */
  leaving(): void {
    this.drain();
    if (this.#failure === undefined) this.#slots.showTaken();
  }

  /** Resolves when nothing is being written or read any more. */
  async settled(): Promise<void> {
    await this.#sender.settled();
    await this.tensors.settled();
  }

  get #isExpecting(): boolean {
    return this.#books.isBusy && this.#failure === undefined;
  }

  #takeAll(): void {
    for (;;) {
      const bytes = this.#slots.takeResponse();
      if (bytes === undefined) return;
      this.#dispatcher.dispatch(bytes);
    }
  }

  #next(): void {
    this.#changed();
    while (this.#sender.isIdle && this.#failure === undefined) {
      const pending = this.#books.next(this.#options.concurrency);
      if (pending === undefined) return;
      const { signal } = pending.limits;
      // One signal for several requests: what the first one's abort lets go ahead is aborted as well.
      if (signal?.aborted)
        this.#unsent(pending, cancelled(pending.request.command, signal)("unsent"));
      else this.#sender.send(pending);
    }
  }

  #unsent(pending: PendingRequest, error: TrError): void {
    this.#books.remove(pending);
    pending.settle(this.#failure ?? error); // who was told already is not told again
  }

  #sent(pending: PendingRequest): void {
    pending.sent();
    this.#slots.listen();
  }

  /** What was sent, and could not be taken back, stays in the books until its last answer has come. */
  #givenUp(pending: PendingRequest): void {
    if (pending.phase === "queued") {
      this.#books.remove(pending);
      pending.stopped("unsent");
    } else if (pending.phase === "sending") {
      pending.stopped("unsent");
      this.#sender.stop();
    } else if (this.#options.level === 1) {
      pending.phase = "left";
      pending.stopped(undefined);
      this.#books.limitTheQueue();
    } else if (this.#sender.takeBack(pending)) {
      this.#books.remove(pending);
      pending.stopped("unsent");
    } else this.#cancel(pending);
    this.#next();
  }

  #cancel(pending: PendingRequest): void {
    if (this.#failure !== undefined) return;
    pending.cancelling(this.#options.cancelGraceMs, () => {
      this.#isKilling = true;
      this.#options.onStuck(pending.request.command);
    });
    this.#cancels.ask(pending.id);
  }

  #stopped(pending: PendingRequest, response: Response): void {
    this.#sender.removeArguments(pending); // one that never ran has not read them
    const how = this.#isKilling ? "killed" : "cancelled"; // its last word, perhaps, as it is being killed
    pending.stopped(how, cleanUpError(response, pending.request.command));
    this.#finish(pending);
  }

  /** What the worker says about it cannot be used. */
  #refuse(pending: PendingRequest, error: TrError): void {
    if (pending.phase === "cancelling") return; // its last answer ends it
    pending.settle(error);
    if (pending.phase === "sent") this.#cancel(pending);
    else this.#finish(pending);
  }

  /** Memory goes with the process that has made it; then its end is the reason, which may be known a moment later. */
  #lost(pending: PendingRequest, error: TrError): void {
    const stop = this.#stop.signal;
    const tell = () => {
      stopTimer();
      stop.removeEventListener("abort", tell);
      this.#refuse(pending, this.#failure ?? error);
    };
    const stopTimer = startTimer(endKnownMs, tell);
    if (stop.aborted || this.#failure !== undefined) tell();
    else stop.addEventListener("abort", tell);
  }

  /** The outcome is told before the state says that the worker is ready again. */
  #finish(pending: PendingRequest, outcome?: Outcome): void {
    if (outcome !== undefined) pending.settle(outcome);
    this.#books.remove(pending);
    this.#cancels.forget(pending.id);
    this.#credits.forget(pending.id);
    this.#next();
  }

  /** A link or a directory in the place of response.json, for example: somebody else is in the session directory. */
  #break(error: TrError): void {
    if (this.#failure !== undefined) return;
    this.fail(error);
    this.#options.onBroken(error);
  }

  #changed(): void {
    this.#options.onPending(this.#books.counts);
  }
}
