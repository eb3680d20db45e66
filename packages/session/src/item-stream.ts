import { TrError } from "@tr/protocol/errors";
import { responseError } from "./errors.js";
import type { Exchange } from "./exchange.js";
import type { Answer, ItemSink, Outcome, PendingRequest } from "./pending-request.js";
import { answerValue } from "./requests.js";
import { cancelled, type GivenUp } from "./stopped-errors.js";

/** The items of a Python generator. */
export interface PythonStream<T> extends AsyncIterableIterator<T>, AsyncDisposable {
  /** The next item; the request is sent with the first. May be called again before the last has come. */
  next(): Promise<IteratorResult<T>>;
  /** Stops the generator. Resolves when its `finally` has run; rejects with what that raised. `break` does this. */
  return(value?: unknown): Promise<IteratorResult<T>>;
  /** As `return`, and rejects with `error`. */
  throw(error?: unknown): Promise<IteratorResult<T>>;
  [Symbol.asyncIterator](): PythonStream<T>;
}

/** The request of a stream and where it was sent; `undefined`: it was refused, and its outcome told. */
export interface OpenedStream {
  readonly exchange: Exchange;
  readonly pending: PendingRequest | undefined;
}

/** Sends the request. */
export type SendStream = (sink: ItemSink, settle: (outcome: Outcome) => void) => OpenedStream;

export interface StreamSource {
  readonly command: string;
  readonly idleTimeoutMs?: number | undefined;
  /** What sends the request, when there is a worker to send it to. */
  open(): SendStream | Promise<SendStream>;
}

interface Waiter<T> {
  resolve(result: IteratorResult<T>): void;
  reject(error: unknown): void;
}

const done = { done: true, value: undefined } as const;

/**
 * The consumer's end of a stream. Each `next()` grants the worker one item more than was asked for, so
 * that the following one is made while its predecessor is worked on, and no more.
 *
 * One that is dropped without `return()` costs a suspended generator until the session ends, and does
 * not keep the program alive: it does so only while a `next()` or `return()` is under way.
 */
export class ItemStream<T> implements PythonStream<T>, ItemSink {
  readonly #source: StreamSource;
  readonly #waiting: Waiter<T>[] = [];
  #received: T[] = [];
  #asked = 0;
  #opened: OpenedStream | undefined;
  #isOpening = false;
  /** What follows the items received. */
  #end: { error: unknown } | { value: unknown } | undefined;
  #leaving: Promise<void> | undefined;
  #onLeft: Waiter<T> | undefined;

  constructor(source: StreamSource) {
    this.#source = source;
  }

  get isAwaited(): boolean {
    return this.#waiting.length > 0 || this.#onLeft !== undefined;
  }

  get idleTimeoutMs(): number | undefined {
    return this.#source.idleTimeoutMs;
  }

  get granted(): number {
    return this.#asked + 1;
  }

  next(): Promise<IteratorResult<T>> {
    if (this.#leaving !== undefined) {
      const left = () => done; // how it ended is for who has called return()
      return this.#leaving.then(left, left);
    }
    this.#asked++;
    const result = new Promise<IteratorResult<T>>((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
    });
    if (!this.#isOpening) this.#open();
    this.#tell();
    this.#asks();
    return result;
  }

  async return(value?: unknown): Promise<IteratorResult<T>> {
    await this.#leave();
    return { done: true, value };
  }

  async throw(error?: unknown): Promise<IteratorResult<T>> {
    await this.#leave();
    throw error;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#leave();
  }

  item(answer: Answer): void {
    if (this.#leaving !== undefined || this.#end !== undefined) return;
    try {
      this.#received.push(answerValue(answer) as T);
    } catch (error) {
      this.#end = { error }; // a tensor that the answer does not list
      this.#opened?.pending?.giveUp(cancelled(this.#source.command));
    }
    this.#tell();
    this.#asks();
  }

  /** At once where there is a worker: a call that follows does not overtake it. */
  #open(): void {
    this.#isOpening = true;
    const fail = (error: unknown) => this.#settle(error as TrError);
    const use = (send: SendStream) => {
      if (this.#leaving !== undefined) return; // nobody wants it any more: it is never sent
      this.#opened = send(this, (outcome) => this.#settle(outcome));
      this.#asks(); // what was asked for meanwhile
    };
    try {
      const send = this.#source.open();
      if (send instanceof Promise) send.then(use).catch(fail);
      else use(send);
    } catch (error) {
      fail(error);
    }
  }

  #asks(): void {
    const { exchange, pending } = this.#opened ?? {};
    if (pending !== undefined && this.#end === undefined) exchange?.asks(pending);
  }

  #settle(outcome: Outcome): void {
    const end = this.#endOf(outcome);
    if (this.#onLeft !== undefined) {
      const { resolve, reject } = this.#onLeft;
      this.#onLeft = undefined;
      if ("error" in end && !hasStopped(outcome)) reject(end.error);
      else resolve(done);
    }
    this.#end ??= end;
    // Who aborts wants no more of it; what came before any other end comes first.
    if (TrError.is(outcome, "TR_CANCELLED")) this.#received = [];
    this.#tell();
  }

  #endOf(outcome: Outcome): { error: unknown } | { value: unknown } {
    if (!("response" in outcome)) return { error: outcome };
    try {
      const { response } = outcome;
      if (response.kind !== "error") return { value: answerValue(outcome) };
      return { error: responseError(response, this.#source.command) };
    } catch (error) {
      return { error };
    }
  }

  /** Nothing more is given then, whatever had come already, until it is known how it has ended. */
  get #isAborted(): boolean {
    return this.#end === undefined && this.#opened?.pending?.limits.signal?.aborted === true;
  }

  #tell(): void {
    while (this.#waiting.length > 0) {
      if (this.#received.length > 0 && !this.#isAborted) {
        const value = this.#received.shift() as T;
        this.#waiting.shift()?.resolve({ done: false, value });
      } else if (this.#end === undefined) {
        return;
      } else {
        const waiter = this.#waiting.shift();
        if ("error" in this.#end && this.#leaving === undefined) waiter?.reject(this.#end.error);
        else
          waiter?.resolve({
            done: true,
            value: "value" in this.#end ? this.#end.value : undefined,
          });
        this.#end = { value: undefined }; // told once, as a generator does
      }
    }
  }

  /** @throws what the clean-up raised, or that it never came to one */
  #leave(): Promise<void> {
    if (this.#leaving !== undefined) return this.#leaving.catch(() => undefined); // told once
    this.#leaving = new Promise<void>((resolve, reject) => {
      this.#received = [];
      const isUnderWay = this.#opened !== undefined && this.#end === undefined;
      if (!isUnderWay) {
        this.#end = { value: undefined }; // an error that the consumer has not come to is none for it
        this.#tell();
        resolve();
        return;
      }
      this.#onLeft = { resolve: () => resolve(), reject };
      this.#giveUp();
    });
    return this.#leaving;
  }

  #giveUp(): void {
    const { command } = this.#source;
    const why: GivenUp = (stopped, fault) => fault ?? cancelled(command)(stopped);
    this.#opened?.pending?.giveUp(why);
    this.#asks();
  }
}

/** Whether the generator has been closed in order, or had not begun. */
function hasStopped(outcome: Outcome): boolean {
  if ("response" in outcome) return true; // its own end came first; nobody asked for that any more
  return "stopped" in outcome && outcome.stopped !== "killed";
}
