import type { FileChannel } from "@tr/file-channel";
import { parseResponse, type Response } from "@tr/protocol";
import type { TrError } from "@tr/protocol/errors";
import type { Tensor } from "@tr/tsr-codec";
import { cancelled, timedOut, withoutId } from "./errors.js";
import {
  removeTensors,
  type TensorFile,
  tagsOf,
  takeTensors,
  writeTensors,
} from "./tensor-files.js";

export interface OutgoingRequest {
  readonly command: string;
  /** Written before the request; taken back when the request cannot be sent. */
  readonly tensors: readonly TensorFile[];
  /** Whether the answer's tensors are read with it. False leaves their files for a later read. */
  readonly readsTensors: boolean;
  /** The text of request.json, made when the request's turn comes. */
  toText(id: string): string;
}

export interface Answer {
  readonly response: Response;
  /** By tag. */
  readonly tensors: ReadonlyMap<string, Tensor>;
}

export interface Limits {
  /** Counts from the moment the request is sent. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onSent?: () => void;
}

interface Entry {
  readonly id: string;
  readonly request: OutgoingRequest;
  readonly limits: Limits;
  /** `left`: its caller is gone (time-out, abort) but the worker still owes the answer, which will be dropped. */
  phase: "queued" | "sending" | "sent" | "left";
  timer?: NodeJS.Timeout;
  settle(outcome: Answer | TrError): void;
}

export interface ExchangeOptions {
  readonly channel: FileChannel;
  readonly level: 1 | 2;
  /** How many requests the worker takes at once. */
  readonly concurrency: number;
  /** Called when the number of requests that the worker has not answered, or that somebody waits for, changes. */
  readonly onPending: (pending: { unanswered: number; awaited: number }) => void;
}

/**
 * Requests out, answers in, over the files of one running worker. Sends in order, at most
 * `concurrency` at a time, and gives each answer to the request whose id it carries; a level-1 worker
 * knows no ids and answers in order. An answer nobody waits for any more is dropped with its tensors.
 */
export class Exchange {
  readonly #options: ExchangeOptions;
  readonly #queue: Entry[] = [];
  readonly #sent = new Map<string, Entry>();
  readonly #stop = new AbortController();
  readonly #reading = new Set<Promise<void>>();
  #lastId = 0;
  #isSending = false;
  #isListening = false;
  #failure: TrError | undefined;
  #hasFailed = false;

  constructor(options: ExchangeOptions) {
    this.#options = options;
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
  post(
    request: OutgoingRequest,
    limits: Limits,
    settle: (outcome: Answer | TrError) => void,
  ): void {
    const { signal } = limits;
    const refusal =
      this.#failure ?? (signal?.aborted ? cancelled(request.command, signal, "unsent") : undefined);
    if (refusal !== undefined) {
      settle(refusal);
      return;
    }
    const onAbort = () =>
      this.#leave(entry, (stopped) => cancelled(request.command, signal, stopped));
    const entry: Entry = {
      id: String(++this.#lastId),
      request,
      limits,
      phase: "queued",
      settle: (outcome) => {
        clearTimeout(entry.timer);
        signal?.removeEventListener("abort", onAbort);
        settle(outcome);
      },
    };
    signal?.addEventListener("abort", onAbort, { once: true });
    this.#queue.push(entry);
    this.#changed();
    this.#sendNext();
    this.#limitTheQueue();
  }

  /** Ends every request with `error`, after a last look at what the worker has answered. */
  fail(error: TrError): void {
    if (this.#failure !== undefined) return;
    this.drain();
    this.#failure = error;
    const entries = [...this.#sent.values(), ...this.#queue.splice(0)];
    this.#sent.clear();
    this.#stop.abort();
    for (const entry of entries) if (entry.phase !== "left") entry.settle(error);
    this.#changed();
  }

  /** Resolves when no answer's tensors are being read any more. */
  async settled(): Promise<void> {
    await Promise.all(this.#reading);
  }

  #sendNext(): void {
    if (this.#isSending || this.#sent.size >= this.#options.concurrency) return;
    const entry = this.#queue.shift();
    if (entry === undefined) return;
    this.#isSending = true;
    entry.phase = "sending";
    this.#sent.set(entry.id, entry);
    this.#send(entry)
      .catch((error) => {
        this.#sent.delete(entry.id);
        removeTensors(
          this.#options.channel,
          entry.request.tensors.map(({ tag }) => tag),
        );
        if (entry.phase !== "left") entry.settle(error);
      })
      .finally(() => {
        this.#isSending = false;
        this.#changed();
        this.#sendNext();
      });
  }

  async #send(entry: Entry): Promise<void> {
    const { channel } = this.#options;
    const { request, limits } = entry;
    await writeTensors(channel, request.tensors);
    // A dialect-1 worker removes request.json only after it has answered: written before, ours would be lost.
    if (channel.exists("request.json")) {
      await channel.waitFor(() => !channel.exists("request.json") || undefined, {
        timeoutMs: undefined,
        signal: this.#stop.signal,
        keepAlive: false,
      });
    }
    if (entry.phase === "left") throw cancelled(request.command, limits.signal, "unsent");
    channel.writeSync("request.json", request.toText(entry.id));
    entry.phase = "sent";
    this.#limit(entry);
    limits.onSent?.();
    this.#listen();
  }

  /** The caller goes; what was sent stays in the books until its answer has come. */
  #leave(entry: Entry, reason: (stopped: "unsent" | undefined) => TrError): void {
    const wasSent = entry.phase === "sent";
    if (entry.phase === "queued") this.#queue.splice(this.#queue.indexOf(entry), 1);
    entry.phase = "left";
    entry.settle(reason(wasSent ? undefined : "unsent"));
    this.#changed();
    this.#limitTheQueue();
  }

  /**
   * A limit counts from the moment of sending. Behind a request that was given up that moment may
   * never come, so there it counts from now: the caller of a worker that hangs is not kept for ever.
   */
  #limitTheQueue(): void {
    if (![...this.#sent.values()].some(({ phase }) => phase === "left")) return;
    for (const entry of this.#queue) if (entry.timer === undefined) this.#limit(entry);
  }

  #limit(entry: Entry): void {
    clearTimeout(entry.timer);
    const { timeoutMs } = entry.limits;
    if (timeoutMs === undefined) return;
    entry.timer = setTimeout(
      () => this.#leave(entry, (stopped) => timedOut(entry.request.command, timeoutMs, stopped)),
      timeoutMs,
    );
  }

  #listen(): void {
    if (this.#isListening) return;
    this.#isListening = true;
    this.#receive()
      .catch((error) => this.fail(error))
      .finally(() => {
        this.#isListening = false;
      });
  }

  async #receive(): Promise<void> {
    const { channel } = this.#options;
    while (this.#sent.size > 0 && this.#failure === undefined) {
      const bytes = await channel.waitFor(() => channel.takeSync("response.json"), {
        timeoutMs: undefined,
        signal: this.#stop.signal,
        keepAlive: false, // the worker process is held instead, and only while somebody waits
      });
      if (bytes !== undefined) this.#dispatch(bytes);
    }
  }

  /** Looks for answers now, without waiting for the event loop's turn. */
  drain(): void {
    if (this.#failure !== undefined) return;
    const { channel } = this.#options;
    for (;;) {
      const bytes = channel.takeSync("response.json");
      if (bytes === undefined) return;
      this.#dispatch(bytes);
    }
  }

  #dispatch(bytes: Uint8Array): void {
    const { channel, level } = this.#options;
    let response: Response;
    try {
      response = parseResponse(bytes);
      if (level === 2 && response.id === undefined) throw withoutId(bytes);
    } catch (error) {
      // Whose answer it was cannot be read from it: everybody who waits for one is told.
      for (const entry of [...this.#sent.values()]) {
        this.#finish(entry);
        if (entry.phase !== "left") entry.settle(error as TrError);
      }
      return;
    }
    const id = response.id ?? this.#sent.keys().next().value;
    const entry = id === undefined ? undefined : this.#sent.get(id);
    if (entry === undefined || entry.phase === "left") {
      removeTensors(channel, tagsOf(response, channel));
      if (entry !== undefined) this.#finish(entry);
      return;
    }
    if (!response.final) return;
    this.#hasFailed = response.kind === "error";
    const tags = entry.request.readsTensors ? tagsOf(response, channel) : [];
    if (tags.length === 0) {
      entry.settle({ response, tensors: new Map() });
      this.#finish(entry);
      return;
    }
    const reading = takeTensors(channel, tags)
      .then(
        (tensors) => entry.settle({ response, tensors }),
        (error) => entry.settle(error),
      )
      .finally(() => this.#reading.delete(reading));
    this.#reading.add(reading);
    this.#finish(entry);
  }

  #finish(entry: Entry): void {
    this.#sent.delete(entry.id);
    this.#changed();
    this.#sendNext();
  }

  #changed(): void {
    let awaited = this.#queue.length;
    for (const { phase } of this.#sent.values()) if (phase !== "left") awaited++;
    this.#options.onPending({ unanswered: this.#sent.size + this.#queue.length, awaited });
  }
}
