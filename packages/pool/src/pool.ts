import { EventEmitter } from "node:events";
import { type CallOptions, type StreamOptions, type Tensor, TrError } from "@tr/session";
import { CrashLimit } from "./crash-limit.js";
import { Lease } from "./lease.js";
import {
  type PoolOptions,
  type ResolvedPoolOptions,
  resolvePoolOptions,
  waitMs,
} from "./options.js";
import { PoolWorker } from "./pool-worker.js";
import { type PoolStats, poolStats } from "./stats.js";
import { WaitingLine, type WaitOptions } from "./waiting-line.js";

export interface AcquireOptions {
  signal?: AbortSignal | undefined;
  /** How long to wait for a worker, in ms. Default: the pool's. */
  acquireTimeoutMs?: number | undefined;
  /** Told at once when none is free, and whenever it changes: how many wait before this one. */
  onPosition?: ((position: number) => void) | undefined;
}

export interface PoolCallOptions extends CallOptions, AcquireOptions {
  /** True: after a crash in the middle the call is made again on another worker, up to twice. Default: false. */
  idempotent?: boolean;
}

export interface PoolStreamOptions extends StreamOptions, AcquireOptions {}

export interface PoolEvents {
  /** A line that a script printed. While nobody listens it goes to stderr, unless `quiet`. */
  log: [log: { worker: number; stream: "stdout" | "stderr"; line: string }];
  /** A worker has crashed; it starts again after `delayMs`. `undefined`: never, for it has crashed too often. */
  crash: [crash: { worker: number; error: TrError; delayMs: number | undefined }];
}

/** One worker alone, or room for one call. */
type Wish = "whole" | "room";

/** More crashes than these within the window, and a worker is given up. */
const maxCrashes = 5;
const crashWindowMs = 180_000;
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
  readonly #changed = new EventEmitter().setMaxListeners(0);
  #recycled = 0;
  #turn = 0;
  #closing: Promise<void> | undefined;

  /** Starts nothing yet: `ready()` and the first call do. @throws TrError `TR_INVALID_ARGUMENT`. */
  constructor(options: PoolOptions) {
    super();
    this.#options = resolvePoolOptions(options);
    this.#limits = this.#options.workers.map(() => new CrashLimit(maxCrashes, crashWindowMs));
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
      await this.#change(signal);
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
    { idempotent = false, acquireTimeoutMs, onPosition, ...options }: PoolCallOptions = {},
  ): Promise<T> {
    const waiting = { signal: options.signal, acquireTimeoutMs, onPosition };
    for (let tries = 1; ; tries++) {
      const worker = await this.#enter(waiting);
      try {
        return await worker.session.call<T>(command, args, options);
      } catch (error) {
        if (!idempotent || tries === maxTries || !TrError.is(error, "TR_WORKER_CRASHED"))
          throw error;
      } finally {
        worker.leave();
      }
    }
  }

  /** As `PythonSession.calculate`; the options of `call` may come last. */
  async calculate<T extends Tensor = Tensor>(
    command: string,
    ...args: readonly Tensor[] | readonly [...Tensor[], PoolCallOptions]
  ): Promise<T> {
    const last = args.at(-1);
    const {
      acquireTimeoutMs,
      onPosition,
      idempotent: _,
      ...options
    } = (last && !("data" in last) ? last : {}) as PoolCallOptions;
    const tensors = (last && !("data" in last) ? args.slice(0, -1) : args) as Tensor[];
    const worker = await this.#enter({ signal: options.signal, acquireTimeoutMs, onPosition });
    try {
      return await worker.session.calculate<T>(command, ...tensors, options);
    } finally {
      worker.leave();
    }
  }

  /** As `PythonSession.stream`; it has its place on the worker until it ends. */
  async *stream<T = unknown>(
    command: string,
    args: readonly unknown[] = [],
    { acquireTimeoutMs, onPosition, ...options }: PoolStreamOptions = {},
  ): AsyncGenerator<T, void, void> {
    const worker = await this.#enter({ signal: options.signal, acquireTimeoutMs, onPosition });
    try {
      yield* worker.session.stream<T>(command, args, options);
    } finally {
      worker.leave();
    }
  }

  /** One worker alone, until the lease is released. @throws TrError `TR_QUEUE_FULL`, `TR_ACQUIRE_TIMEOUT`, `TR_CANCELLED`, `TR_SESSION_CLOSED`, or why no worker runs. */
  async acquire(options: AcquireOptions = {}): Promise<Lease> {
    const worker = await this.#wait("whole", options);
    return new Lease(worker.session, () => worker.giveBack());
  }

  stats(): PoolStats {
    return poolStats(this.#workers, this.#line.length, this.#recycled);
  }

  /** Those who wait are refused with `TR_SESSION_CLOSED`; what runs is let finish for `drainMs` (default 10,000), then the workers end. */
  close({ drainMs = 10_000 }: { drainMs?: number } = {}): Promise<void> {
    this.#closing ??= this.#close(drainMs);
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(drainMs: number): Promise<void> {
    this.#line.refuseAll(closedError());
    const signal = AbortSignal.timeout(drainMs);
    const isBusy = () => this.#workers.some(({ inFlight, isLeased }) => inFlight > 0 || isLeased);
    while (isBusy() && !signal.aborted) await this.#change(signal).catch(() => undefined); // the time is up
    await Promise.all([...this.#workers, ...this.#fresh.values()].map((worker) => worker.close()));
  }

  async #enter(options: AcquireOptions): Promise<PoolWorker> {
    return this.#wait("room", options);
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
    if (this.#line.length >= this.#options.maxQueue) {
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
      onCrash: (error, delayMs) => this.emit("crash", { worker: place, error, delayMs }),
      onLog: (log) => this.emit("log", { worker: place, ...log }),
      isLogWanted: () => this.listenerCount("log") > 0,
    });
    return worker;
  }

  #onChange(place: number, worker: PoolWorker): void {
    if (!this.#closing) {
      if (this.#fresh.get(place) === worker) this.#swap(place, worker);
      else if (worker.isWornOut) this.#renew(place, worker);
      this.#serve();
    }
    this.#changed.emit("change");
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
    if (old.status === "closed") this.#fresh.get(place)?.start();
  }

  #swap(place: number, fresh: PoolWorker): void {
    if (fresh.status === "starting" || fresh.status === "restarting") return;
    const old = this.#workers[place] as PoolWorker;
    this.#fresh.delete(place);
    if (fresh.status === "failed" && old.status !== "closed") return; // the old one goes on
    this.#workers[place] = fresh;
    this.#recycled++;
    old.retire();
  }

  async #change(signal: AbortSignal | undefined): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const finish = () => {
        this.#changed.off("change", finish);
        signal?.removeEventListener("abort", onAbort);
        resolve();
      };
      const onAbort = () => {
        this.#changed.off("change", finish);
        reject(new TrError("TR_CANCELLED", "the wait was cancelled", { cause: signal?.reason }));
      };
      this.#changed.on("change", finish);
      signal?.addEventListener("abort", onAbort, { once: true });
      if (signal?.aborted) onAbort();
    });
  }
}

function closedError(): TrError {
  return new TrError("TR_SESSION_CLOSED", "the pool is closed; make a new one");
}
