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
import { CrashLimit } from "./crash-limit.js";
import { Lease } from "./lease.js";
import {
  drainLimitMs,
  type PoolOptions,
  type ResolvedPoolOptions,
  resolvePoolOptions,
  waitMs,
} from "./options.js";
import { PoolStream } from "./pool-stream.js";
import { PoolWorker } from "./pool-worker.js";
import { type PoolStats, poolStats } from "./stats.js";
import { WaitingLine, type WaitOptions } from "./waiting-line.js";

/** One worker alone, or room for one call. */
type Wish = "whole" | "room";

/** How often an idempotent call is tried. */
const maxTries = 3;

/** Warm Python workers that share out calls: first come, first served, each to the worker with the least to do. */
export class Pool extends EventEmitter<PoolEvents> {
  readonly #options: ResolvedPoolOptions;
  readonly #line = new WaitingLine<Wish, PoolWorker>();
  readonly #limits: CrashLimit[];
  readonly #workers: PoolWorker[];
  /** Fresh ones for worn-out workers, by place, until they are ready. */
  readonly #fresh = new Map<number, PoolWorker>();
  /** Worn-out ones whose place another has, until what they have is done. */
  readonly #retired = new Set<PoolWorker>();
  readonly #changes = new Changes();
  #recycled = 0;
  #turn = 0;
  #closing: Promise<void> | undefined;
  #isClosed = false;

  /** Starts nothing yet: `ready()` and the first call do. @throws TrError `TR_INVALID_ARGUMENT`. */
  constructor(options: PoolOptions) {
    super();
    this.#options = resolvePoolOptions(options);
    this.#limits = this.#options.workers.map(() => new CrashLimit());
    this.#workers = this.#options.workers.map((_, place) => this.#makeWorker(place));
  }

  /** Starts every worker; resolves when all are ready. @throws the error of one that is given up. */
  async ready({ signal }: { signal?: AbortSignal } = {}): Promise<void> {
    for (;;) {
      if (this.#closing) throw closedError();
      for (const worker of this.#workers) worker.start();
      const failed = this.#workers.find(({ status }) => status === "failed");
      if (failed?.failure) throw failed.failure;
      if (this.#workers.every(({ status }) => status === "ready")) return;
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
    if (this.#closing) return;
    for (const worker of [...this.#workers, ...this.#fresh.values()]) worker.revive();
  }

  stats(): PoolStats {
    return poolStats(this.#workers, this.#line.length, this.#recycled);
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

  async #close(drainMs: number): Promise<void> {
    this.#line.refuseAll(closedError());
    const drained = new AbortController();
    const timer = setTimeout(() => drained.abort(), drainMs); // held: a lease alone keeps no program alive
    const all = () => [...this.#workers, ...this.#retired, ...this.#fresh.values()];
    const isBusy = () => all().some(({ inFlight, isLeased }) => inFlight > 0 || isLeased);
    while (isBusy() && !drained.signal.aborted) {
      await this.#changes.next(drained.signal).catch(() => undefined); // the time is up
    }
    clearTimeout(timer);
    await Promise.all(all().map((worker) => worker.close()));
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
      const worker = this.#take(wish);
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
      const worker = this.#take(wish);
      if (worker !== undefined) {
        this.#line.serveFirst(worker);
        continue;
      }
      const failed = this.#workers.filter(({ status }) => status === "failed");
      if (failed.length === this.#workers.length)
        this.#line.refuseAll(failed[0]?.failure ?? closedError());
      else for (const stopped of this.#workers) stopped.start();
      return;
    }
  }

  #take(wish: Wish): PoolWorker | undefined {
    const { length } = this.#workers;
    let best: PoolWorker | undefined;
    // From another place each time, so that equals take turns.
    for (let i = 0; i < length; i++) {
      const worker = this.#workers[(this.#turn + i) % length] as PoolWorker;
      const isFit = wish === "whole" ? worker.isIdle : worker.room > 0;
      if (isFit && (best === undefined || worker.inFlight < best.inFlight)) best = worker;
    }
    if (best === undefined) return undefined;
    this.#turn = (this.#workers.indexOf(best) + 1) % length;
    if (wish === "whole") best.lease();
    else best.enter();
    return best;
  }

  #makeWorker(place: number): PoolWorker {
    const session = this.#options.workers[place] ?? {};
    const worker: PoolWorker = new PoolWorker({
      session,
      recycle: this.#options.recycle,
      limit: this.#limits[place] as CrashLimit,
      onChange: () => this.#onChange(place, worker),
      onCrash: (error, delayMs) =>
        callListener(() => this.emit("crash", { worker: place, error, delayMs })),
      onLog: (log, sessionId) => {
        if (this.listenerCount("log") > 0) {
          callListener(() => this.emit("log", { worker: place, sessionId, ...log }));
        } else if (!session.quiet) process.stderr.write(`[${sessionId}] ${log.line}\n`);
      },
    });
    return worker;
  }

  #onChange(place: number, worker: PoolWorker): void {
    if (worker.isGone) {
      this.#retired.delete(worker);
      for (const other of this.#workers) {
        if (other.predecessor === worker) other.predecessor = undefined;
      }
    }
    if (!this.#closing) {
      if (this.#fresh.get(place) === worker) this.#swap(place, worker);
      else if (worker.isWornOut) this.#renew(place, worker);
      this.#serve();
    }
    this.#changes.tell();
  }

  /** Starts a fresh worker for a worn-out one, which goes on until that is ready where both may run at once. */
  #renew(place: number, old: PoolWorker): void {
    if (old !== this.#workers[place]) return;
    if (!this.#fresh.has(place)) {
      const fresh = this.#makeWorker(place);
      this.#fresh.set(place, fresh);
      if (this.#options.mayOverlap) fresh.start();
      else old.retire();
    }
    if (old.isGone) this.#fresh.get(place)?.start();
  }

  #swap(place: number, fresh: PoolWorker): void {
    if (fresh.status === "starting" || fresh.status === "restarting") return;
    const old = this.#workers[place] as PoolWorker;
    // The old one goes on if it can, and gets no other: that would fail like this one.
    if (fresh.status === "failed" && old.status !== "closed" && !old.isSpent) return;
    this.#fresh.delete(place);
    this.#workers[place] = fresh;
    this.#recycled++;
    if (!old.isGone) {
      this.#retired.add(old);
      fresh.predecessor = old;
    }
    old.retire();
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
