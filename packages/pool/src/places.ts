import type { TrError } from "@tr/session";
import type { PoolEvents } from "./call-options.js";
import { CrashLimit } from "./crash-limit.js";
import type { ResolvedPoolOptions } from "./options.js";
import { PoolWorker } from "./pool-worker.js";

/** One worker alone, or room for one call. */
export type Wish = "whole" | "room";

interface Listeners {
  /** A worker may take what waits, or can no longer. */
  onChange(): void;
  onCrash(crash: PoolEvents["crash"][0]): void;
  onLog(log: PoolEvents["log"][0]): void;
}

/** The places of a pool: the worker that has each, the fresh one that is to take it, and who had it before. */
export class Places {
  /** Fresh workers that have taken a worn-out one's place. */
  recycled = 0;
  readonly #options: ResolvedPoolOptions;
  readonly #listeners: Listeners;
  readonly #limits: CrashLimit[];
  readonly #workers: PoolWorker[];
  /** Fresh ones for worn-out workers, by place, until they are ready. */
  readonly #fresh = new Map<number, PoolWorker>();
  /** Worn-out ones whose place another has, until what they have is done. */
  readonly #retired = new Set<PoolWorker>();
  #renews = true;

  constructor(options: ResolvedPoolOptions, listeners: Listeners) {
    this.#options = options;
    this.#listeners = listeners;
    this.#limits = options.workers.map(() => new CrashLimit());
    this.#workers = options.workers.map((_, place) => this.#makeWorker(place));
  }

  /** One for each place. */
  get workers(): readonly PoolWorker[] {
    return this.#workers;
  }

  /** Why workers are given up, for each that is. */
  get failures(): TrError[] {
    return this.#workers
      .filter(({ status }) => status === "failed")
      .flatMap(({ failure }) => failure ?? []);
  }

  get isBusy(): boolean {
    return this.#all.some(({ inFlight, isLeased }) => inFlight > 0 || isLeased);
  }

  get #all(): PoolWorker[] {
    return [...this.#workers, ...this.#retired, ...this.#fresh.values()];
  }

  /** Starts those that are stopped. */
  start(): void {
    for (const worker of this.#workers) worker.start();
  }

  /** Starts those that were given up. */
  revive(): void {
    for (const worker of [...this.#workers, ...this.#fresh.values()]) worker.revive();
  }

  /** What wears out from now on keeps its place. */
  renewNoMore(): void {
    this.#renews = false;
  }

  async close(): Promise<void> {
    await Promise.all(this.#all.map((worker) => worker.close()));
  }

  /** The worker with the least to do, which has been given what was wished; `undefined`: none can. */
  take(wish: Wish): PoolWorker | undefined {
    let best: PoolWorker | undefined;
    for (const worker of this.#workers) {
      const isFit = wish === "whole" ? worker.isIdle : worker.room > 0;
      if (isFit && (best === undefined || isBetter(worker, best))) best = worker;
    }
    if (best === undefined) return undefined;
    if (wish === "whole") best.lease();
    else best.enter();
    return best;
  }

  #makeWorker(place: number): PoolWorker {
    const worker: PoolWorker = new PoolWorker({
      session: this.#options.workers[place] ?? {},
      recycle: this.#options.recycle,
      limit: this.#limits[place] as CrashLimit,
      onChange: () => this.#onChange(place, worker),
      onCrash: (error, delayMs) => this.#listeners.onCrash({ worker: place, error, delayMs }),
      onLog: (log, sessionId) => this.#listeners.onLog({ worker: place, sessionId, ...log }),
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
    if (this.#renews) {
      if (this.#fresh.get(place) === worker) this.#swap(place, worker);
      else if (worker.isWornOut) this.#renew(place, worker);
    }
    this.#listeners.onChange();
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
    this.recycled++;
    if (!old.isGone) {
      this.#retired.add(old);
      fresh.predecessor = old;
    }
    old.retire();
  }
}

/**
 * Of equals the one that has rested least: it may be looking for a message still, and its memory is in the
 * processor's caches. After a rest of some milliseconds a short call takes several times as long.
 */
function isBetter(one: PoolWorker, other: PoolWorker): boolean {
  if (one.inFlight !== other.inFlight) return one.inFlight < other.inFlight;
  return one.restsSince > other.restsSince;
}
