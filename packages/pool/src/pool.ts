import { EventEmitter } from "node:events";
import {
  type CallOptions,
  type PythonSession,
  type PythonStream,
  type Tensor,
  TrError,
} from "@tr/session";
import { isTensor } from "@tr/tsr-codec";
import { callListener } from "./call-listener.js";
import type {
  AcquireOptions,
  CloseOptions,
  PoolCallOptions,
  PoolEvents,
  PoolStreamOptions,
} from "./call-options.js";
import { Changes } from "./changes.js";
import { Lease } from "./lease.js";
import {
  drainLimitMs,
  type PoolOptions,
  type ResolvedPoolOptions,
  resolvePoolOptions,
  waitMs,
} from "./options.js";
import { Places, type Wish } from "./places.js";
import { PoolStream } from "./pool-stream.js";
import type { PoolWorker } from "./pool-worker.js";
import { type PoolStats, poolStats } from "./stats.js";
import { WaitingLine, type WaitOptions } from "./waiting-line.js";

/** How often an idempotent call is tried. */
const maxTries = 3;

/** Warm Python workers that share out calls: first come, first served, each to the worker with the least to do. */
export class Pool extends EventEmitter<PoolEvents> {
  readonly #options: ResolvedPoolOptions;
  readonly #line = new WaitingLine<Wish, PoolWorker>();
  readonly #places: Places;
  readonly #changes = new Changes();
  #closing: Promise<void> | undefined;
  #isClosed = false;

  /** Starts nothing yet: `ready()` and the first call do. @throws TrError `TR_INVALID_ARGUMENT`. */
  constructor(options: PoolOptions) {
    super();
    this.#options = resolvePoolOptions(options);
    this.#places = new Places(this.#options, {
      onChange: () => this.#onChange(),
      onCrash: (crash) => callListener(() => this.emit("crash", crash)),
      onLog: (log) => {
        if (this.listenerCount("log") > 0) callListener(() => this.emit("log", log));
        else if (!this.#options.workers[log.worker]?.quiet) {
          process.stderr.write(`[${log.sessionId}] ${log.line}\n`);
        }
      },
    });
  }

  /** Starts every worker; resolves when all are ready. @throws the error of one that is given up. */
  async ready({ signal }: { signal?: AbortSignal } = {}): Promise<void> {
    for (;;) {
      if (this.#closing) throw closedError();
      this.#places.start();
      const { failures, workers } = this.#places;
      if (failures[0]) throw failures[0];
      if (workers.every(({ status }) => status === "ready")) return;
      await this.#changes.next(signal);
    }
  }

  /**
   * As `PythonSession.call`, on the worker with the least to do. Never on two workers, unless it is `idempotent`.
   *
   * @throws as `PythonSession.call`, and TrError `TR_QUEUE_FULL`, `TR_ACQUIRE_TIMEOUT`.
   */
  async call<T = unknown>(
    command: string,
    args: readonly unknown[] = [],
    options: PoolCallOptions = {},
  ): Promise<T> {
    return this.#run(options, (session, own) => session.call<T>(command, args, own));
  }

  /** As `PythonSession.calculate`; the options of `call` may come last. */
  async calculate<T extends Tensor = Tensor>(
    command: string,
    ...args: readonly Tensor[] | readonly [...Tensor[], PoolCallOptions]
  ): Promise<T> {
    const last: unknown = args.at(-1);
    const hasOptions = typeof last === "object" && last !== null && !isTensor(last);
    const tensors = (hasOptions ? args.slice(0, -1) : args) as Tensor[];
    return this.#run(hasOptions ? last : {}, (session, own) =>
      session.calculate<T>(command, ...tensors, own),
    );
  }

  /** As `PythonSession.stream`; it has its place on the worker until it ends. */
  stream<T = unknown>(
    command: string,
    args: readonly unknown[] = [],
    { acquireTimeoutMs, onPosition, ...options }: PoolStreamOptions = {},
  ): PythonStream<T> {
    return new PoolStream<T>(async (left) => {
      const signal = options.signal ? AbortSignal.any([options.signal, left]) : left;
      const worker = await this.#wait("room", { signal, acquireTimeoutMs, onPosition });
      try {
        const stream = worker.session.stream<T>(command, args, options);
        return { stream, leave: once(() => worker.leave()) };
      } catch (error) {
        worker.leave();
        throw error;
      }
    });
  }

  /** One worker alone, until the lease is released. @throws TrError `TR_QUEUE_FULL`, `TR_ACQUIRE_TIMEOUT`, `TR_CANCELLED`, `TR_SESSION_CLOSED`, or why no worker runs. */
  async acquire(options: AcquireOptions = {}): Promise<Lease> {
    const worker = await this.#wait("whole", options);
    return new Lease(worker);
  }

  /** Starts those again that were given up, with a clean record. */
  revive(): void {
    if (!this.#closing) this.#places.revive();
  }

  stats(): PoolStats {
    return poolStats(this.#places.workers, this.#line.length, this.#places.recycled);
  }

  /** Those who wait are refused with `TR_SESSION_CLOSED`; what runs is let finish for `drainMs` (default 10,000), then the workers end. */
  async close({ drainMs = 10_000, signal }: CloseOptions = {}): Promise<void> {
    const limitMs = drainLimitMs(drainMs);
    this.#closing ??= this.#close(limitMs).finally(() => {
      this.#isClosed = true;
      this.#changes.tell();
    });
    while (!this.#isClosed) await this.#changes.next(signal);
    await this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #onChange(): void {
    if (!this.#closing) this.#serve();
    this.#changes.tell();
  }

  async #close(drainMs: number): Promise<void> {
    this.#places.renewNoMore();
    this.#line.refuseAll(closedError());
    const drained = new AbortController();
    const timer = setTimeout(() => drained.abort(), drainMs); // held: a lease alone keeps no program alive
    while (this.#places.isBusy && !drained.signal.aborted) {
      await this.#changes.next(drained.signal).catch(() => undefined); // the time is up
    }
    clearTimeout(timer);
    await this.#places.close();
  }

  /** On the worker with the least to do; once more on another after a crash, where that is declared harmless. */
  async #run<T>(
    { idempotent = false, acquireTimeoutMs, onPosition, ...options }: PoolCallOptions,
    work: (session: PythonSession, options: CallOptions) => Promise<T>,
  ): Promise<T> {
    for (let tries = 1; ; tries++) {
      const { signal } = options;
      const worker = await this.#wait("room", { signal, acquireTimeoutMs, onPosition });
      try {
        return await work(worker.session, options);
      } catch (error) {
        if (!idempotent || tries === maxTries || !TrError.is(error, "TR_WORKER_CRASHED"))
          throw error;
      } finally {
        worker.leave();
      }
    }
  }

  /** A worker that has been given what was wished. */
  async #wait(wish: Wish, options: AcquireOptions): Promise<PoolWorker> {
    const { signal, acquireTimeoutMs, onPosition } = options;
    if (this.#closing) throw closedError();
    const timeoutMs = waitMs(acquireTimeoutMs ?? this.#options.acquireTimeoutMs);
    if (!signal?.aborted && this.#line.length === 0) {
      const worker = this.#places.take(wish);
      if (worker !== undefined) return worker;
    }
    if (!signal?.aborted && this.#line.length >= this.#options.maxQueue) {
      throw new TrError(
        "TR_QUEUE_FULL",
        `${this.#line.length} wait for a worker already (option maxQueue); try again later`,
      );
    }
    const waitOptions: WaitOptions = { signal, timeoutMs, onPosition };
    const joined = this.#line.join(wish, waitOptions);
    this.#serve();
    return joined;
  }

  #serve(): void {
    for (let wish = this.#line.first; wish !== undefined; wish = this.#line.first) {
      const worker = this.#places.take(wish);
      if (worker !== undefined) {
        this.#line.serveFirst(worker);
        continue;
      }
      const { failures, workers } = this.#places;
      const [failure] = failures;
      if (failure && failures.length === workers.length) this.#line.refuseAll(failure);
      else this.#places.start();
      return;
    }
  }
}

function once(action: () => void): () => void {
  let isDone = false;
  return () => {
    if (!isDone) action();
    isDone = true;
  };
}

function closedError(): TrError {
  return new TrError("TR_SESSION_CLOSED", "the pool is closed; make a new one");
}
