import { PythonSession, type SessionOptions, TrError } from "@tr/session";

/** When a worker is replaced by a fresh one. */
export interface RecycleOptions {
  /** After so many calls. */
  calls?: number;
  /** When its resident memory is larger, in bytes; looked at once a second. */
  rssBytes?: number;
  /** It ends after so long without a call, in ms; the next one that needs it starts it again. */
  idleMs?: number;
}

/** What a worker of the pool may have of its own. */
export type WorkerOptions = Omit<SessionOptions, "sessionId" | "restart">;

/** The options of a session, for every worker, and those of the pool. Times are milliseconds. */
export interface PoolOptions extends WorkerOptions {
  /** How many workers. Default: 3, or the length of `workers`. */
  size?: number;
  /** How many may wait for a worker; one more is `TR_QUEUE_FULL`. Default: no bound. */
  maxQueue?: number;
  /** How long one may wait. Default: 300,000. */
  acquireTimeoutMs?: number;
  recycle?: RecycleOptions;
  /** What each worker has of its own, when they differ: a port, a device. `env` is merged with the pool's. */
  workers?: readonly WorkerOptions[];
}

export interface ResolvedPoolOptions {
  readonly maxQueue: number;
  readonly acquireTimeoutMs: number;
  readonly recycle: RecycleOptions;
  /** One for each worker. */
  readonly workers: readonly WorkerOptions[];
  /** Whether two processes of one worker may run at once, the old and the fresh one. */
  readonly mayOverlap: boolean;
}

/** Checks the options once and fills in the defaults. @throws TrError `TR_INVALID_ARGUMENT`, naming the option. */
export function resolvePoolOptions(options: PoolOptions): ResolvedPoolOptions {
  const { size, maxQueue, acquireTimeoutMs, recycle = {}, workers, ...shared } = options;
  for (const name of ["sessionId", "restart"]) {
    if (name in shared) throw invalid(name, "none: it is the pool's own", "one");
  }
  const own: readonly WorkerOptions[] =
    workers ?? Array.from({ length: count("size", size ?? 3) }, () => ({}));
  if (!Array.isArray(own) || own.length === 0) {
    throw invalid("workers", "a list of at least one", JSON.stringify(workers));
  }
  if (size !== undefined && size !== own.length) {
    throw invalid("size", `${own.length}, as many as workers`, String(size));
  }
  for (const name of Object.keys(recycle)) {
    if (!["calls", "rssBytes", "idleMs"].includes(name)) {
      throw invalid(`recycle.${name}`, "calls, rssBytes or idleMs", "an unknown option");
    }
    count(`recycle.${name}`, recycle[name as keyof RecycleOptions]);
  }
  const sessions = own.map((worker) => ({
    ...shared,
    ...worker,
    ...((shared.env || worker.env) && { env: { ...shared.env, ...worker.env } }),
  }));
  for (const session of sessions) new PythonSession(session); // checks them, and starts nothing
  return {
    maxQueue: maxQueue === undefined ? Number.POSITIVE_INFINITY : count("maxQueue", maxQueue, 0),
    acquireTimeoutMs: count("acquireTimeoutMs", acquireTimeoutMs ?? 300_000),
    recycle,
    workers: sessions,
    mayOverlap: workers === undefined,
  };
}

/** setTimeout runs at once when it is given more than this. */
export const longestTimerMs = 2 ** 31 - 1;

/** A time limit for one wait. @throws TrError `TR_INVALID_ARGUMENT`. */
export function waitMs(value: number): number {
  if (value > 0) return value;
  throw invalid("acquireTimeoutMs", "a number of milliseconds > 0", String(value));
}

/** How long closing waits. @throws TrError `TR_INVALID_ARGUMENT`. */
export function drainLimitMs(value: number): number {
  if (value >= 0) return Math.min(value, longestTimerMs);
  throw invalid("drainMs", "a number of milliseconds ≥ 0", String(value));
}

function count(name: string, value: unknown, least = 1): number {
  if (Number.isSafeInteger(value) && (value as number) >= least) return value as number;
  throw invalid(name, `a whole number ≥ ${least}`, String(value));
}

function invalid(name: string, expected: string, found: string): TrError {
  return new TrError("TR_INVALID_ARGUMENT", `option ${name}: expected ${expected}, found ${found}`);
}
