import { setTimeout as sleep } from "node:timers/promises";
import { PythonSession, TrError } from "@tr/session";
import type { CrashLimit } from "./crash-limit.js";
import type { RecycleOptions, WorkerOptions } from "./options.js";

/** What a worker of the pool is doing. */
export type WorkerStatus =
  /** Not running: not needed yet, or for a long time. */
  | "stopped"
  | "starting"
  /** Takes calls. */
  | "ready"
  /** Crashed; starts again after a delay. */
  | "restarting"
  /** Crashed too often. */
  | "failed"
  | "closed";

export interface PoolWorkerOptions {
  readonly session: WorkerOptions;
  readonly recycle: RecycleOptions;
  /** Shared by all that have this place, one after the other. */
  readonly limit: CrashLimit;
  /** Called when it may take what waits, or can no longer. */
  onChange(): void;
  onCrash(error: TrError, delayMs: number | undefined): void;
  onLog(log: { stream: "stdout" | "stderr"; line: string }, sessionId: string): void;
}

/** One worker of the pool: a session, and the next one when it crashes. */
export class PoolWorker {
  status: WorkerStatus = "stopped";
  /** Calls and streams under way. */
  inFlight = 0;
  /** Somebody has it to themselves. */
  isLeased = false;
  /** When its last call ended, by `performance.now()`. */
  restsSince = 0;
  /** Starts after a crash. */
  restarts = 0;
  /** Closed, and its process has ended. */
  isGone = false;
  /** False: its process is there and has given no sign of life for three seconds. It takes nothing meanwhile. */
  isResponsive = true;
  /** What the last sign of life of its process said of its memory, in bytes. */
  rssBytes: number | undefined;
  /** Why it is given up. */
  failure: TrError | undefined;
  /** The worn-out one whose place it has taken, which may still have calls under way there. */
  predecessor: PoolWorker | undefined;
  readonly #options: PoolWorkerOptions;
  readonly #closing = new AbortController();
  #session: PythonSession | undefined;
  #calls = 0;
  #isTooLarge = false;
  #isRetired = false;
  #closed: Promise<void> | undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  /** Everything that starts or ends processes, one after the other. */
  #work: Promise<void> = Promise.resolve();

  constructor(options: PoolWorkerOptions) {
    this.#options = options;
  }

  /** The running session. @throws TrError `TR_WORKER_CRASHED` when there is none. */
  get session(): PythonSession {
    if (this.#session !== undefined) return this.#session;
    throw this.failure ?? new TrError("TR_NOT_STARTED", "this worker of the pool does not run");
  }

  /** How many more calls it takes at once: together with its predecessor no more than one process would. */
  get room(): number {
    if (this.status !== "ready" || this.#isRetired || !this.isResponsive) return 0;
    const concurrency = this.#session?.info?.concurrency ?? 0;
    return Math.max(0, Math.min(concurrency - this.occupied, this.#callsLeft));
  }

  /** Whether it has had all the calls that it may have. */
  get isSpent(): boolean {
    return this.#callsLeft <= 0;
  }

  get #callsLeft(): number {
    return (this.#options.recycle.calls ?? Number.POSITIVE_INFINITY) - this.#calls;
  }

  /** Calls under way in its place; a lease is any number of them. */
  get occupied(): number {
    if (this.isLeased) return Number.POSITIVE_INFINITY;
    return this.inFlight + (this.predecessor?.occupied ?? 0);
  }

  get isIdle(): boolean {
    return this.occupied === 0 && this.room > 0;
  }

  /** Whether a fresh one should take its place. */
  get isWornOut(): boolean {
    return this.#isRetired || this.#isTooLarge || this.isSpent;
  }

  get calls(): number {
    return this.#calls;
  }

  get info() {
    return this.#session?.info;
  }

  /** Starts it when it is stopped. */
  start(): void {
    if (this.status !== "stopped") return;
    this.status = "starting";
    this.#then(() => this.#start());
  }

  /** Starts it when it was given up. */
  revive(): void {
    if (this.status !== "failed") return;
    this.failure = undefined;
    this.#options.limit.forget();
    this.status = "stopped";
    this.start();
  }

  /** A call begins. */
  enter(): void {
    this.inFlight++;
    this.count();
    clearTimeout(this.#idleTimer);
  }

  /** One call more, by whoever has it to themselves. */
  count(): void {
    this.#calls++;
    // A fresh one is started while the last call runs; not in the middle of handing this one out.
    if (this.isWornOut) queueMicrotask(() => this.#options.onChange());
  }

  /** It has ended. */
  leave(): void {
    this.inFlight--;
    this.restsSince = performance.now();
    this.#rest();
  }

  lease(): void {
    this.isLeased = true;
    clearTimeout(this.#idleTimer);
  }

  giveBack(): void {
    this.isLeased = false;
    this.restsSince = performance.now();
    this.#rest();
  }

  /** Takes nothing more, and ends when what it has is done. */
  retire(): void {
    this.#isRetired = true;
    this.#rest();
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.status = "closed";
    clearTimeout(this.#idleTimer);
    this.#closing.abort();
    await this.#session?.close();
    await this.#work;
    await this.#session?.close(); // one that a restart has made meanwhile
    this.isGone = true;
    this.#options.onChange();
  }

  #then(step: () => Promise<void>): void {
    this.#work = this.#work.then(async () => {
      if (!this.#closing.signal.aborted) await step();
    });
  }

  async #start(): Promise<void> {
    const session = this.#makeSession();
    this.#session = session;
    this.rssBytes = undefined;
    this.isResponsive = true;
    try {
      await session.start();
    } catch (error) {
      this.#crashed(session, error as TrError);
      return;
    }
    this.#isReady(session);
  }

  #isReady(session: PythonSession): void {
    if (this.#closing.signal.aborted || session !== this.#session) return;
    this.#calls = 0;
    this.#isTooLarge = false;
    this.status = "ready";
    this.#rest();
  }

  #makeSession(): PythonSession {
    const session = new PythonSession(this.#options.session);
    session.on("state", (state) => {
      if (session !== this.#session || this.status !== "ready") return;
      if (state.status === "crashed") this.#crashed(session, state.error);
      // It left by itself, with exit code 0: the next one takes its place as after a crash.
      else if (state.status === "exited") this.#crashed(session, leftByItself());
    });
    session.on("heartbeat", ({ rssBytes }) => {
      const { rssBytes: most } = this.#options.recycle;
      if (session !== this.#session) return;
      this.rssBytes = rssBytes;
      this.#setResponsive(true);
      if (most === undefined || rssBytes === undefined || rssBytes <= most) return;
      this.#isTooLarge = true;
      this.#rest();
    });
    session.on("unresponsive", () => {
      if (session === this.#session) this.#setResponsive(false);
    });
    session.on("log", (log) => this.#options.onLog(log, session.sessionId));
    return session;
  }

  #setResponsive(isResponsive: boolean): void {
    if (this.isResponsive === isResponsive) return;
    this.isResponsive = isResponsive;
    this.#options.onChange();
  }

  #crashed(session: PythonSession, error: TrError): void {
    if (session !== this.#session || this.status === "closed") return;
    if (this.#isRetired) {
      void this.close(); // another takes its place
      this.#options.onCrash(error, 0);
      return;
    }
    const delayMs = this.#options.limit.crashed(performance.now());
    if (delayMs === undefined) {
      this.status = "failed";
      this.failure = error;
      this.#then(() => session.close());
    } else {
      this.status = "restarting";
      this.restarts++;
      this.#then(async () => {
        const { signal } = this.#closing;
        await Promise.all([
          session.join(), // not closed: a lease on it is to say that it has crashed
          // Not held: whoever waits for a worker keeps the program alive.
          sleep(delayMs, undefined, { ref: false, signal }).catch(() => undefined),
        ]);
        if (!signal.aborted) await this.#start();
      });
    }
    this.#options.onCrash(error, delayMs);
    this.#options.onChange();
  }

  /** It may have nothing to do now. */
  #rest(): void {
    if (this.inFlight === 0 && !this.isLeased && this.status !== "closed") {
      if (this.#isRetired) void this.close();
      else if (this.status === "ready") this.#startIdleTimer();
    }
    this.#options.onChange();
  }

  #startIdleTimer(): void {
    const { idleMs } = this.#options.recycle;
    if (idleMs === undefined) return;
    clearTimeout(this.#idleTimer);
    this.#idleTimer = setTimeout(() => {
      if (!this.isIdle) return;
      this.status = "stopped";
      this.#then(async () => this.#session?.close());
    }, idleMs);
    this.#idleTimer.unref();
  }
}

function leftByItself(): TrError {
  return new TrError("TR_WORKER_CRASHED", "the Python worker has left by itself", {
    exitCode: 0,
    signal: null,
    oom: false,
    stderrTail: "",
  });
}
