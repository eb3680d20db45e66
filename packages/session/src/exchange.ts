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
  /**
   * `left`: its caller is gone (time-out, abort) but the worker still owes the answer, which will be
   * dropped. `answered`: the answer is there and its tensors are being read.
   */
  phase: "queued" | "sending" | "sent" | "left" | "answered";
  stopTimer?: () => void;
  settle(outcome: Answer | TrError): void;
}

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
  readonly #claimed = new Set<string>();
  readonly #beingRead = new Set<string>();
  #sending: Promise<void> | undefined;
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
      id: this.#options.nextId(),
      request,
      limits,
      phase: "queued",
      settle: (outcome) => {
        entry.stopTimer?.();
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
    this.#failure = error;
    try {
      this.#takeAll();
    } catch {
      // What stands in the place of an answer cannot be read: `error` says already that none will come.
    }
    const entries = [...this.#sent.values(), ...this.#queue.splice(0)];
    this.#stop.abort(error);
    for (const entry of entries) {
      if (entry.phase === "answered") continue;
      this.#sent.delete(entry.id);
      if (entry.phase !== "left") entry.settle(error);
    }
    this.#changed();
  }

  /**
   * Whether a tensor file that is there may be read by its tag: a worker writes them before the answer
   * that they belong to, which then comes without this one. False: its answer has come and is being read.
   */
  claim(tag: string): boolean {
    if (this.#beingRead.has(tag)) return false;
    this.#claimed.add(tag);
    return true;
  }

  /** Resolves when nothing is being written or read any more. */
  async settled(): Promise<void> {
    await Promise.all([this.#sending, ...this.#reading]);
  }

  #sendNext(): void {
    const isFree = this.#sending === undefined && this.#failure === undefined;
    if (!isFree || this.#sent.size >= this.#options.concurrency) return;
    const entry = this.#queue.shift();
    if (entry === undefined) return;
    entry.phase = "sending";
    this.#sent.set(entry.id, entry);
    this.#sending = this.#send(entry)
      .catch((error) => {
        this.#sent.delete(entry.id);
        const tags = entry.request.tensors.map(({ tag }) => tag);
        removeTensors(this.#options.channel, tags);
        if (entry.phase === "sending") entry.settle(this.#failure ?? error);
      })
      .finally(() => {
        this.#sending = undefined;
        this.#changed();
        this.#sendNext();
      });
  }

  async #send(entry: Entry): Promise<void> {
    const { channel } = this.#options;
    const { request, limits } = entry;
    // A call of a session that has ended meanwhile must not run: every wait is cut short, and looked at.
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
    if (entry.phase === "left") throw cancelled(request.command, limits.signal, "unsent");
    this.#claimed.clear(); // what was claimed before belongs to no answer to come
    channel.writeSync("request.json", request.toText(entry.id));
    entry.phase = "sent";
    this.#limit(entry);
    limits.onSent?.();
    this.#listen();
  }

  /** The caller goes; what was sent stays in the books until its answer has come. */
  #leave(entry: Entry, reason: (stopped: "unsent" | undefined) => TrError): void {
    if (entry.phase === "answered") return; // the answer has won
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
    for (const entry of this.#queue) if (entry.stopTimer === undefined) this.#limit(entry);
  }

  #limit(entry: Entry): void {
    entry.stopTimer?.();
    const { timeoutMs } = entry.limits;
    if (timeoutMs === undefined) return;
    entry.stopTimer = startTimer(timeoutMs, () =>
      this.#leave(entry, (stopped) => timedOut(entry.request.command, timeoutMs, stopped)),
    );
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
        const bytes = await channel.waitFor(() => channel.takeSync("response.json"), {
          timeoutMs: undefined,
          signal: this.#stop.signal,
          keepAlive: false, // the worker process is held instead, and only while somebody waits
        });
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
      const bytes = channel.takeSync("response.json");
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
    const tags = tagsOf(response, channel).filter((tag) => !this.#claimed.delete(tag));
    if (tags.length === 0) {
      entry.settle({ response, tensors: new Map() });
      this.#finish(entry);
      return;
    }
    // The next request waits until these are read: its answer may bring tensors of the same names.
    entry.phase = "answered";
    entry.stopTimer?.();
    for (const tag of tags) this.#beingRead.add(tag);
    const reading = takeTensors(channel, tags)
      .then(
        (tensors) => entry.settle({ response, tensors }),
        (error) => entry.settle(error),
      )
      .finally(() => {
        this.#reading.delete(reading);
        for (const tag of tags) this.#beingRead.delete(tag);
        this.#finish(entry);
      });
    this.#reading.add(reading);
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
