import { availableParallelism } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { CrashLimit } from "@tr/pool";
import { TrError } from "@tr/session";
import type { BackEndState, ToolInfo } from "./back-end.js";
import { HostProcess, type HostProcessOptions } from "./host-process.js";
import { Turns } from "./turns.js";
import { longestMs, within } from "./within.js";

/** One process, from the moment that it is wanted. */
interface Kept {
  readonly ready: Promise<HostProcess>;
  host?: HostProcess;
}

/** As many imports as there are processors: with more, all of them would be late. */
const startsAtOnce = Math.max(2, availableParallelism());

/**
 * A process that is there to be used: started, and started again when it crashes. What could never be
 * loaded is not tried again.
 */
export class KeptProcess {
  tools: readonly ToolInfo[] = [];
  /** Whether each process is warmed up before it is used. */
  isToBeWarm = false;
  readonly #options: HostProcessOptions;
  readonly #onCrash: (reason: TrError) => void;
  readonly #limit = new CrashLimit();
  readonly #turns = new Turns(startsAtOnce);
  readonly #closing = new AbortController();
  /** Until the crashed ones have left nothing. */
  readonly #ending = new Set<Promise<void>>();
  #phase: BackEndState["phase"] = "starting";
  #now: Kept | undefined;
  #hasLoaded = false;
  #restarts = 0;
  #warmups = 0;
  #failure: Error | undefined;

  /** @param onCrash told before the calls of the process reject */
  constructor(options: HostProcessOptions, onCrash: (reason: TrError) => void = () => {}) {
    this.#options = { ...options, onWarm: () => this.#warmups++ };
    this.#onCrash = onCrash;
  }

  /** The process, when it can be called now. */
  get host(): HostProcess | undefined {
    return this.#now?.host;
  }

  get state(): BackEndState {
    const pid = this.host?.pid;
    return {
      phase: this.#phase,
      loaded: this.host !== undefined,
      warmedUp: this.host?.isWarm ?? false,
      warmups: this.#warmups,
      restarts: this.#restarts,
      ...(pid !== undefined && { pid }),
      ...(this.#failure && { error: this.#failure.message }),
    };
  }

  /** The process; waits for one that is being started. @throws TrError why there is none. */
  async ready(): Promise<HostProcess> {
    if (this.#closing.signal.aborted) throw this.#closing.signal.reason;
    this.#now ??= this.#begin(0);
    return this.#now.ready;
  }

  /** `signal` ends the wait alone. */
  async load({ signal }: { signal?: AbortSignal | undefined }): Promise<void> {
    await within(this.ready(), longestMs, signal);
  }

  /** The process is the caller's from now on, to use and to end; the next one is begun. @throws as `ready` */
  async take(): Promise<HostProcess> {
    const taken = this.ready();
    if (this.#phase === "failed" || this.#phase === "closed") return taken;
    if (this.host) this.host.onLost = undefined;
    this.#phase = "starting";
    this.#now = this.#begin(0);
    return taken;
  }

  /** Warms the process up, unless it is. A warm-up that fails is tried again at the next call. */
  async warm(): Promise<void> {
    const host = await this.ready();
    try {
      await host.warm();
      this.isToBeWarm = true;
      this.#failure = undefined;
    } catch (error) {
      if (this.#phase === "ready") this.#failure = error as Error;
      throw error;
    }
  }

  /** Ends what it has; Python's `shutdown()` runs unless `force`. Never rejects. */
  async close({ force }: { force: boolean }): Promise<void> {
    this.#phase = "closed";
    const now = this.#now;
    this.#now = undefined;
    const { name } = this.#options;
    this.#closing.abort(new TrError("TR_SESSION_CLOSED", `${name} is shut down`));
    await now?.host?.end({ force });
    await now?.ready.catch(() => undefined); // one that is starting ends by itself
    await Promise.all(this.#ending);
  }

  #begin(delayMs: number): Kept {
    const kept: Kept = {
      ready: this.#start(delayMs).then((host) => {
        kept.host = host;
        if (kept === this.#now) this.#isUp(host);
        return host;
      }),
    };
    kept.ready.catch((error) => {
      if (kept !== this.#now || this.#phase === "closed") return;
      this.#phase = "failed";
      this.#failure = error;
      this.#options.log.error({ backend: this.#options.name, err: error }, "cannot be started");
    });
    return kept;
  }

  /** Until it is up, or was tried too often. */
  async #start(delayMs: number): Promise<HostProcess> {
    const { log, name } = this.#options;
    const { signal } = this.#closing;
    for (let waitMs = delayMs; ; ) {
      // Two of one back end must not run at once: they may want the same port, or the same file.
      await Promise.all(this.#ending);
      if (waitMs > 0) {
        await sleep(waitMs, undefined, { signal }).catch(() => signal.throwIfAborted());
      }
      signal.throwIfAborted();
      const host = new HostProcess(this.#options);
      try {
        await this.#turns.take(() => this.#prepare(host));
        return host;
      } catch (error) {
        await host.end({ force: true });
        signal.throwIfAborted();
        const next = this.#hasLoaded ? this.#limit.crashed(performance.now()) : undefined;
        if (next === undefined) throw error;
        this.#restarts++;
        waitMs = next;
        log.warn({ backend: name, err: error, delayMs: next }, "did not start; is tried again");
      }
    }
  }

  async #prepare(host: HostProcess): Promise<void> {
    const { log, name } = this.#options;
    const { signal } = this.#closing;
    signal.throwIfAborted();
    await host.start(signal);
    if (!this.isToBeWarm) return;
    try {
      await host.warm(signal);
    } catch (error) {
      // What warmup() raises is the next caller's to be told, who has it tried again.
      if (!TrError.is(error, "TR_PYTHON_ERROR")) throw error;
      log.warn({ backend: name, err: error }, "warmup() failed");
    }
  }

  #isUp(host: HostProcess): void {
    this.#hasLoaded = true;
    this.tools = host.tools;
    this.#phase = "ready";
    this.#failure = undefined;
    host.onLost = (reason) => this.#crashed(host, reason);
    this.#options.log.info({ backend: this.#options.name, pid: host.pid }, "is ready");
  }

  #crashed(host: HostProcess, reason: TrError): void {
    const { log, name } = this.#options;
    const ending: Promise<void> = host
      .end({ force: true })
      .finally(() => this.#ending.delete(ending));
    this.#ending.add(ending);
    const delayMs = this.#limit.crashed(performance.now());
    if (delayMs === undefined) {
      this.#phase = "failed";
      this.#failure = reason;
      this.#now = { ready: Promise.reject(reason) };
      this.#now.ready.catch(() => undefined); // told to whoever waits for it, and logged below
      log.error({ backend: name, err: reason }, "has crashed too often and is not started again");
    } else {
      this.#phase = "restarting";
      this.#restarts++;
      this.#now = this.#begin(delayMs);
      log.warn({ backend: name, err: reason, delayMs }, "has crashed and is started again");
    }
    this.#onCrash(reason);
  }
}
