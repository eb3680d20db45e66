import type { FileChannel } from "@tr/file-channel";
import { parseResponse, type Response } from "@tr/protocol";
import type { TrError } from "@tr/protocol/errors";
import { AnswerTensors } from "./answer-tensors.js";
import { cancelled, withoutId } from "./errors.js";
import {
  type Answer,
  type Limits,
  type Outcome,
  type OutgoingRequest,
  PendingRequest,
} from "./pending-request.js";
import { removeTensors, tagsOf, writeTensors } from "./tensor-files.js";

export interface ExchangeOptions {
  readonly channel: FileChannel;
  readonly level: 1 | 2;
  /** How many requests the worker takes at once. */
  readonly concurrency: number;
  /** Makes the id of a request: never the same again in the session, so that no answer of an earlier process fits. */
  readonly nextId: () => string;
  /** Called when the other side breaks the rules so that no answer can be trusted or found any more. */
  readonly onBroken: (error: TrError) => void;
  /** Called when the number of requests that the worker has not answered, or that somebody waits for, changes. */
  readonly onPending: (pending: { unanswered: number; awaited: number }) => void;
}

/** A JavaScript string holds no more: a larger answer could not be read. */
const maxResponseBytes = 2 ** 29 - 24;

/**
 * Requests out, answers in, over the files of one running worker. Sends in order, at most
 * `concurrency` at a time, and gives each answer to the request whose id it carries; a level-1 worker
 * knows no ids and answers in order. An answer nobody waits for any more is dropped with its tensors.
 */
export class Exchange {
  readonly #options: ExchangeOptions;
  readonly #tensors: AnswerTensors;
  readonly #queue: PendingRequest[] = [];
  readonly #sent = new Map<string, PendingRequest>();
  readonly #stop = new AbortController();
  #sending: Promise<void> | undefined;
  #isListening = false;
  #failure: TrError | undefined;
  #hasFailed = false;

  constructor(options: ExchangeOptions) {
    this.#options = options;
    this.#tensors = new AnswerTensors(options.channel);
  }

  /** Whether the worker owes an answer. */
  get isBusy(): boolean {
    return this.#sent.size > 0;
  }

  /** Whether the last answer was an error. */
  get hasFailed(): boolean {
    return this.#hasFailed;
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

  /** As {@link submit}; the outcome is there before the state says that the worker is ready again. */
  post(request: OutgoingRequest, limits: Limits, settle: (outcome: Outcome) => void): void {
    const { signal } = limits;
    const refusal =
      this.#failure ?? (signal?.aborted ? cancelled(request.command, signal, "unsent") : undefined);
    if (refusal !== undefined) {
      settle(refusal);
      return;
    }
    const id = this.#options.nextId();
    this.#queue.push(
      new PendingRequest(id, request, limits, settle, (pending) => this.#givenUp(pending)),
    );
    this.#changed();
    this.#sendNext();
    this.#limitTheQueue();
  }

  /** Ends every request with `error`, after a last look at what the worker has answered. */
  fail(error: TrError): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    try {
      this.#takeAll();
    } catch {
      // What stands in the place of an answer cannot be read: `error` says already that none will come.
    }
    const all = [...this.#sent.values(), ...this.#queue.splice(0)];
    this.#stop.abort(error);
    for (const pending of all) {
      if (pending.phase === "answered") continue;
      this.#sent.delete(pending.id);
      pending.settle(error);
    }
    this.#changed();
  }

  /** See {@link AnswerTensors}. */
  get tensors(): AnswerTensors {
    return this.#tensors;
  }

  /** Resolves when nothing is being written or read any more. */
  async settled(): Promise<void> {
    await this.#sending;
    await this.#tensors.settled();
  }

  #sendNext(): void {
    const isFree = this.#sending === undefined && this.#failure === undefined;
    if (!isFree || this.#sent.size >= this.#options.concurrency) return;
    const pending = this.#queue.shift();
    if (pending === undefined) return;
    pending.phase = "sending";
    this.#sent.set(pending.id, pending);
    this.#sending = this.#send(pending)
      .catch((error) => {
        this.#sent.delete(pending.id);
        pending.settle(this.#failure ?? error); // who was told already is not told again
        const tags = pending.request.tensors.map(({ tag }) => tag);
        removeTensors(this.#options.channel, tags);
      })
      .catch((error) => this.#break(error)) // what stands in a tensor's place cannot be removed
      .finally(() => {
        this.#sending = undefined;
        this.#changed();
        this.#sendNext();
      });
  }

  async #send(pending: PendingRequest): Promise<void> {
    const { channel } = this.#options;
    const { request } = pending;
    // A call of a session that has ended meanwhile must not run: every wait is cut short, and looked at.
    if (this.#tensors.isReading) await this.#tensors.settled(); // of the same names, perhaps
    if (request.tensors.length > 0) await writeTensors(channel, request.tensors, this.#stop.signal);
    // A dialect-1 worker removes request.json only after it has answered: written before, ours would be lost.
    if (channel.exists("request.json")) {
      await channel.waitFor(() => !channel.exists("request.json") || undefined, {
        timeoutMs: undefined,
        signal: this.#stop.signal,
        keepAlive: false,
      });
    }
    if (this.#failure !== undefined) throw this.#failure;
    if (pending.phase === "left") throw cancelled(request.command, undefined, "unsent");
    this.#tensors.forgetClaims();
    channel.writeSync("request.json", request.toText(pending.id));
    pending.sent();
    this.#listen();
  }

  /** The caller has gone; what was sent stays in the books until its answer has come. */
  #givenUp(pending: PendingRequest): void {
    if (pending.phase === "queued") this.#queue.splice(this.#queue.indexOf(pending), 1);
    pending.phase = "left";
    this.#changed();
    this.#limitTheQueue();
  }

  #limitTheQueue(): void {
    if (![...this.#sent.values()].some(({ phase }) => phase === "left")) return;
    for (const pending of this.#queue) pending.waitsBehindAnother();
  }

  #listen(): void {
    if (this.#isListening) return;
    this.#isListening = true;
    this.#receive().catch((error) => this.#break(error));
  }

  async #receive(): Promise<void> {
    const { channel } = this.#options;
    try {
      while (this.#sent.size > 0 && this.#failure === undefined) {
        const bytes = await channel.waitFor(
          () => channel.takeSync("response.json", { maxBytes: maxResponseBytes }),
          {
            timeoutMs: undefined,
            signal: this.#stop.signal,
            keepAlive: false, // the worker process is held instead, and only while somebody waits
          },
        );
        if (bytes !== undefined) this.#dispatch(bytes);
      }
    } finally {
      // In the same turn as the last look at #sent: a request sent later finds nobody listening.
      this.#isListening = false;
    }
  }

  /** Looks for answers now, without waiting for the event loop's turn. */
  drain(): void {
    if (this.#failure !== undefined) return;
    try {
      this.#takeAll();
    } catch (error) {
      this.#break(error as TrError);
    }
  }

  #takeAll(): void {
    const { channel } = this.#options;
    for (;;) {
      const bytes = channel.takeSync("response.json", { maxBytes: maxResponseBytes });
      if (bytes === undefined) return;
      this.#dispatch(bytes);
    }
  }

  /** A link or a directory in the place of response.json, for example: somebody else is in the session directory. */
  #break(error: TrError): void {
    if (this.#failure !== undefined) return;
    this.fail(error);
    this.#options.onBroken(error);
  }

  #dispatch(bytes: Uint8Array): void {
    const { channel, level } = this.#options;
    let response: Response;
    try {
      response = parseResponse(bytes);
      if (level === 2 && response.id === undefined) throw withoutId(bytes);
    } catch (error) {
      // Whose answer it was cannot be read from it: everybody who waits for one is told.
      for (const pending of [...this.#sent.values()]) this.#finish(pending, error as TrError);
      return;
    }
    const id = response.id ?? this.#sent.keys().next().value;
    const pending = id === undefined ? undefined : this.#sent.get(id);
    if (pending === undefined || pending.phase === "left") {
      removeTensors(channel, tagsOf(response, channel));
      if (pending !== undefined) this.#finish(pending);
      return;
    }
    if (!response.final) return;
    this.#hasFailed = response.kind === "error";
    const reading = this.#tensors.take(response);
    if (reading === undefined) {
      this.#finish(pending, { response, tensors: new Map() });
      return;
    }
    // The next request waits until these are read: its answer may bring tensors of the same names.
    pending.answered();
    void reading.then(
      (tensors) => this.#finish(pending, { response, tensors }),
      (error) => this.#finish(pending, error),
    );
  }

  /** The outcome is told before the state says that the worker is ready again. */
  #finish(pending: PendingRequest, outcome?: Outcome): void {
    if (outcome !== undefined) pending.settle(outcome);
    this.#sent.delete(pending.id);
    this.#changed();
    this.#sendNext();
  }

  #changed(): void {
    let awaited = this.#queue.length;
    for (const { phase } of this.#sent.values()) if (phase !== "left") awaited++;
    this.#options.onPending({ unanswered: this.#sent.size + this.#queue.length, awaited });
  }
}
