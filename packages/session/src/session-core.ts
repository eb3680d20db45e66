import { TrError } from "@tr/protocol/errors";
import { abortable } from "./abortable.js";
import { Mailbox } from "./mailbox.js";
import {
  type ResolvedOptions,
  resolveOptions,
  type SessionOptions,
  waitLimitMs,
} from "./options.js";
import { SessionEmitter } from "./session-emitter.js";
import { type SessionInfo, sessionInfo } from "./session-info.js";
import { spawnWorker, waitUntilStarted } from "./start-worker.js";
import { isRunning, nextState, type SessionEvent, type SessionState } from "./state.js";
import { askToLeave, type StopLadder } from "./stop-worker.js";
import { type Ending, type ReadyWorker, terminateLadder, WorkerLife } from "./worker-life.js";
import type { Exit } from "./worker-process.js";
import { randomSessionId } from "./workspace.js";

export interface SignalOptions {
  signal?: AbortSignal | undefined;
}

/** A start under way. Whoever calls start() meanwhile waits for the same one. */
interface Starting {
  readonly promise: Promise<void>;
  readonly control: AbortController;
  callers: number;
}

/** How long the steps of `close()` wait, in ms. */
const closeLadder: StopLadder = { requestMs: 2000, termMs: 1000 };

/** Resolves when the signal aborts. */
function once(signal: AbortSignal): Promise<void> | undefined {
  if (signal.aborted) return undefined;
  return new Promise((resolve) =>
    signal.addEventListener("abort", () => resolve(), { once: true }),
  );
}

/** The life of one Python process after another: start, state, events, end. {@link PythonSession} adds the calls. */
export abstract class SessionCore extends SessionEmitter {
  readonly sessionId: string;
  protected readonly options: ResolvedOptions;
  protected readonly mailbox = new Mailbox();
  #state: SessionState = { status: "idle" };
  #life: WorkerLife | undefined;
  #starting: Starting | undefined;
  #requests = 0;
  #closing: Promise<void> | undefined;

  constructor(options: SessionOptions) {
    super();
    this.options = resolveOptions(options);
    this.sessionId = this.options.sessionId ?? randomSessionId();
  }

  get state(): SessionState {
    return this.#state;
  }

  /** `<workspace>/<sessionFolder>/tr_session_<sessionId>` while a process runs. */
  get sessionDir(): string | undefined {
    return isRunning(this.#state) ? this.#life?.worker.directory : undefined;
  }

  /** What runs; `undefined` before it has said `ready` and after its end. */
  get info(): SessionInfo | undefined {
    const ready = this.#life?.ready;
    if (ready === undefined || !isRunning(this.#state)) return undefined;
    return sessionInfo(this.sessionId, ready.worker, ready.facts);
  }

  /** Whether a process is there, ready or not. */
  isAlive(): boolean {
    return isRunning(this.#state) && this.#life?.worker.process.hasExited === false;
  }

  /** Whether the worker waits for a request. */
  isReady(): boolean {
    return this.#state.status === "ready";
  }

  /** Whether a request has not been answered yet. */
  isBusy(): boolean {
    return this.#state.status === "busy";
  }

  /**
   * Starts the worker; resolves when it has said that it is ready, at once when it has already.
   *
   * @throws TrError `TR_PYTHON_NOT_FOUND`, `TR_SCRIPT_NOT_FOUND`, `TR_START_FAILED` and `TR_START_TIMEOUT` (both
   * with the last lines of stderr), `TR_SESSION_CLOSED`, `TR_CANCELLED`.
   */
  async start({ signal }: SignalOptions = {}): Promise<void> {
    if (this.#closing) throw this.#closedError();
    if (this.#state.status === "ready" || this.#state.status === "busy") return;
    this.#starting ??= this.#begin();
    const starting = this.#starting;
    starting.callers++;
    try {
      await abortable(starting.promise, signal);
    } catch (error) {
      if (signal?.aborted && starting.callers === 1) {
        starting.control.abort(error); // the last who wanted it has gone
        await starting.promise.catch(() => undefined); // why it failed is `error`, which is thrown below
      }
      throw error;
    } finally {
      starting.callers--;
    }
  }

  /** Ends the process now: SIGTERM, then SIGKILL of the group. Pending calls fail with `TR_WORKER_CRASHED`; `start()` works again. */
  async terminate({ signal }: SignalOptions = {}): Promise<void> {
    const reason = new TrError("TR_WORKER_CRASHED", "the session was terminated", {
      exitCode: null,
      signal: null,
      oom: false,
      stderrTail: "",
    });
    await abortable(this.#end(reason, terminateLadder), signal);
  }

  /** Ends the session for good: pending calls fail with `TR_SESSION_CLOSED`, the worker is asked to leave (2,000 ms), then SIGTERM (1,000 ms), then SIGKILL. */
  close({ signal }: SignalOptions = {}): Promise<void> {
    this.#closing ??= this.#end(this.#closedError(), closeLadder);
    return abortable(this.#closing, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Waits until the process has ended and its directory is gone; at once when there is none. */
  async join({ signal }: SignalOptions = {}): Promise<void> {
    const life = this.#life;
    if (life === undefined) return;
    await life.worker.process.waitForExit(undefined, signal);
    await life.gone;
  }

  /**
   * Asks the worker to leave once it has answered what was sent.
   *
   * @param timeoutMs how long to wait for it; 0: for ever.
   * @param ensure true: terminate it when it has not left by then.
   * @returns whether it left by itself in time.
   */
  async pleaseExit(
    timeoutMs = 10_000,
    ensure = true,
    { signal }: SignalOptions = {},
  ): Promise<boolean> {
    const requestMs = waitLimitMs(timeoutMs);
    const life = this.#life;
    if (life === undefined || !isRunning(this.#state)) return true;
    if (!ensure) {
      askToLeave(life.worker, life.ready?.facts.level);
      this.expectExit();
      return life.worker.process.waitForExit(requestMs, signal);
    }
    this.expectExit();
    const left = await abortable(life.stop({ ...terminateLadder, requestMs }), signal);
    await life.gone;
    return left;
  }

  protected get isStarting(): boolean {
    return this.#starting !== undefined;
  }

  /** The running worker, when it has started. @throws as `runningNow`, and as the start. */
  protected async running(): Promise<ReadyWorker> {
    await this.#starting?.promise;
    return this.runningNow();
  }

  /** Why the last process has ended. */
  protected endReason(): TrError {
    if (this.#state.status === "crashed") return this.#state.error;
    return this.#life?.ending?.reason ?? this.#closedError();
  }

  /** Takes the answers that are there. */
  protected drain(): void {
    this.#life?.ready?.exchange.drain();
  }

  /** The running worker. @throws TrError `TR_NOT_STARTED`, `TR_SESSION_CLOSED`, or the error of the crash. */
  protected runningNow(): ReadyWorker {
    const ready = this.#life?.ready;
    if (this.#closing) throw this.#closedError();
    if (ready !== undefined && isRunning(this.#state)) return ready;
    if (this.#state.status === "crashed") throw this.#state.error;
    throw new TrError("TR_NOT_STARTED", "no worker runs: await start() first");
  }

  /** The process is about to leave because it was asked to: that will not be a crash. */
  protected expectExit(): void {
    const reason = new TrError("TR_SESSION_CLOSED", "the worker was asked to leave");
    this.#life?.expectEnd({ reason, isFailure: false });
    this.#apply({ type: "stopping" });
  }

  #begin(): Starting {
    const control = new AbortController();
    const promise = this.#start(control.signal).finally(() => {
      this.#starting = undefined;
    });
    promise.catch(() => undefined); // its callers wait for it one by one, and some have gone
    return { promise, control, callers: 0 };
  }

  /** @param signal its reason is the TrError to fail with */
  async #start(signal: AbortSignal): Promise<void> {
    await Promise.race([this.#life?.gone, once(signal)]);
    signal.throwIfAborted();
    this.mailbox.clear();
    const worker = await spawnWorker(this.options, this.sessionId, (stream, line) =>
      this.tellLine(stream, line, `[${this.sessionId}]`, this.options.quiet),
    );
    const life = new WorkerLife(worker, (exit, ending) => this.#ended(exit, ending));
    void life.gone.then(() => this.tell("exit", worker.process.exit));
    this.#life = life;
    this.#apply({ type: "spawned", pid: worker.process.pid });
    const onAbort = () => {
      life.expectEnd({ reason: signal.reason, isFailure: false });
      void life.stop(terminateLadder);
    };
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      signal.throwIfAborted();
      const facts = await waitUntilStarted(worker, this.options.startTimeoutMs);
      life.becomesReady(facts, {
        nextId: () => String(++this.#requests),
        onPending: (pending) => this.#apply({ type: "pending", pending }),
      });
      this.#apply({ type: "ready" });
    } catch (error) {
      life.expectEnd({ reason: error as TrError, isFailure: !signal.aborted });
      await life.stop(terminateLadder);
      await life.gone;
      throw life.ending?.reason;
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  /** Fails what is pending, walks down the ladder, and waits until nothing is left. */
  async #end(reason: TrError, ladder: StopLadder): Promise<void> {
    const starting = this.#starting;
    starting?.control.abort(reason);
    // Its own callers are told why it failed.
    if (!isRunning(this.#state)) await starting?.promise.catch(() => undefined);
    const life = this.#life;
    if (life !== undefined && isRunning(this.#state)) {
      this.#apply({ type: "stopping" });
      life.failPending(reason);
      await life.stop(ladder);
    }
    await life?.gone;
  }

  #ended({ exitCode, signal }: Exit, { reason, isFailure }: Ending): void {
    this.mailbox.endWaits(reason);
    if (isFailure) this.#apply({ type: "failed", error: reason });
    else {
      this.#apply({
        type: "left",
        ...(exitCode !== null && { exitCode }),
        ...(signal !== null && { signal }),
      });
    }
  }

  #apply(event: SessionEvent): void {
    const before = this.#state;
    this.#state = nextState(before, event);
    if (this.#state !== before) this.tell("state", this.#state);
  }

  #closedError(): TrError {
    return new TrError("TR_SESSION_CLOSED", "the session is closed; make a new one");
  }
}
