import { EventEmitter } from "node:events";
import { TrError } from "@tr/protocol/errors";
import { abortable } from "./abortable.js";
import { crashError, startFailed } from "./errors.js";
import { Exchange } from "./exchange.js";
import type { WorkerFacts } from "./first-status.js";
import { liveWorkers } from "./live-workers.js";
import { Mailbox } from "./mailbox.js";
import {
  type ResolvedOptions,
  resolveOptions,
  type SessionOptions,
  waitLimitMs,
} from "./options.js";
import { concurrencyOf } from "./requests.js";
import { type SessionInfo, sessionInfo } from "./session-info.js";
import { lastStatus, type RunningWorker, spawnWorker, waitUntilStarted } from "./start-worker.js";
import { isRunning, nextState, type SessionEvent, type SessionState } from "./state.js";
import { askToLeave, type StopLadder, stopWorker } from "./stop-worker.js";
import type { Exit } from "./worker-process.js";
import { randomSessionId, removeSessionDirectory } from "./workspace.js";

export interface SessionEvents {
  state: [state: SessionState];
  /** A line that the script printed. While nobody listens it goes to stderr, unless the session is `quiet`. */
  log: [log: { stream: "stdout" | "stderr"; line: string }];
  /** The process has ended and its directory is gone. */
  exit: [exit: Exit];
}

export interface SignalOptions {
  signal?: AbortSignal | undefined;
}

/** A running worker and its books. One is made by each start. */
export interface Life {
  readonly worker: RunningWorker;
  readonly facts: WorkerFacts;
  readonly exchange: Exchange;
}

interface Attempt {
  readonly worker: RunningWorker;
  /** Settles when the process has ended and its directory is gone. */
  readonly gone: Promise<void>;
  life?: Life;
  /** Set when we wanted the process to end; what is still pending then fails with it. */
  ending?: { readonly reason: TrError; readonly asFailure: boolean };
}

/** A start under way. Whoever calls start() meanwhile waits for the same one. */
interface Starting {
  readonly promise: Promise<void>;
  readonly control: AbortController;
  callers: number;
}

/** How long the steps of `close()` wait, in ms. */
const closeLadder: StopLadder = { requestMs: 2000, termMs: 1000 };
const terminateLadder: StopLadder = { requestMs: 0, termMs: 1000 };

/** Resolves when the signal aborts. */
function once(signal: AbortSignal): Promise<void> | undefined {
  if (signal.aborted) return undefined;
  return new Promise((resolve) =>
    signal.addEventListener("abort", () => resolve(), { once: true }),
  );
}

/** The life of one Python process after another: start, state, events, end. {@link PythonSession} adds the calls. */
export abstract class SessionCore extends EventEmitter<SessionEvents> {
  readonly sessionId: string;
  protected readonly options: ResolvedOptions;
  protected readonly mailbox = new Mailbox();
  #state: SessionState = { status: "idle" };
  #attempt: Attempt | undefined;
  #starting: Starting | undefined;
  #requests = 0;
  #closing: Promise<void> | undefined;

  constructor(options: SessionOptions) {
    super();
    this.setMaxListeners(0); // every wait for a state listens
    this.options = resolveOptions(options);
    this.sessionId = this.options.sessionId ?? randomSessionId();
  }

  get state(): SessionState {
    return this.#state;
  }

  /** `<workspace>/<sessionFolder>/tr_session_<sessionId>` while a process runs. */
  get sessionDir(): string | undefined {
    return isRunning(this.#state) ? this.#attempt?.worker.directory : undefined;
  }

  /** What runs; `undefined` before it has said `ready` and after its end. */
  get info(): SessionInfo | undefined {
    const life = this.#attempt?.life;
    if (life === undefined || !isRunning(this.#state)) return undefined;
    return sessionInfo(this.sessionId, life.worker, life.facts);
  }

  /** Whether a process is there, ready or not. */
  isAlive(): boolean {
    return isRunning(this.#state) && this.#attempt?.worker.process.hasExited === false;
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
        await starting.promise.catch(() => undefined);
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
    const attempt = this.#attempt;
    if (attempt === undefined) return;
    await attempt.worker.process.waitForExit(undefined, signal);
    await attempt.gone;
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
    const attempt = this.#attempt;
    if (attempt === undefined || !isRunning(this.#state)) return true;
    const { worker, life } = attempt;
    if (!ensure) {
      askToLeave(worker, life?.facts.level);
      this.expectExit();
      return worker.process.waitForExit(requestMs, signal);
    }
    this.expectExit();
    const left = await abortable(
      stopWorker(worker, life?.facts.level, { requestMs, termMs: terminateLadder.termMs }),
      signal,
    );
    await attempt.gone;
    return left;
  }

  protected get isStarting(): boolean {
    return this.#starting !== undefined;
  }

  /** The running worker, when it has started. @throws as `runningNow`, and as the start. */
  protected async running(): Promise<Life> {
    await this.#starting?.promise;
    return this.runningNow();
  }

  /** Why the last process has ended. */
  protected endReason(): TrError {
    if (this.#state.status === "crashed") return this.#state.error;
    return this.#attempt?.ending?.reason ?? this.#closedError();
  }

  /** Takes the answers that are there. */
  protected drain(): void {
    this.#attempt?.life?.exchange.drain();
  }

  /** The running worker. @throws TrError `TR_NOT_STARTED`, `TR_SESSION_CLOSED`, or the error of the crash. */
  protected runningNow(): Life {
    const life = this.#attempt?.life;
    if (this.#closing) throw this.#closedError();
    if (life !== undefined && isRunning(this.#state)) return life;
    if (this.#state.status === "crashed") throw this.#state.error;
    throw new TrError("TR_NOT_STARTED", "the session has not been started: await start() first");
  }

  /** The process is about to leave because it was asked to: that will not be a crash. */
  protected expectExit(): void {
    const attempt = this.#attempt;
    if (attempt === undefined) return;
    const reason = new TrError("TR_SESSION_CLOSED", "the worker was asked to leave");
    attempt.ending ??= { reason, asFailure: false };
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
    await Promise.race([this.#attempt?.gone, once(signal)]);
    signal.throwIfAborted();
    this.mailbox.clear();
    const worker = await spawnWorker(this.options, this.sessionId, (stream, line) =>
      this.#log(stream, line),
    );
    const attempt: Attempt = { worker, gone: this.#untilGone(() => attempt, worker) };
    this.#attempt = attempt;
    this.#apply({ type: "spawned", pid: worker.process.pid });
    const onAbort = () => {
      attempt.ending ??= { reason: signal.reason, asFailure: false };
      void stopWorker(worker, undefined, terminateLadder);
    };
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      signal.throwIfAborted();
      const facts = await waitUntilStarted(worker, this.options.startTimeoutMs);
      attempt.life = { worker, facts, exchange: this.#makeExchange(attempt, facts) };
      this.#apply({ type: "ready" });
    } catch (error) {
      attempt.ending ??= { reason: error as TrError, asFailure: !signal.aborted };
      await stopWorker(worker, undefined, terminateLadder);
      await attempt.gone;
      throw attempt.ending.reason;
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  #makeExchange(attempt: Attempt, facts: WorkerFacts): Exchange {
    const { worker } = attempt;
    let release: (() => void) | undefined;
    return new Exchange({
      channel: worker.channel,
      level: facts.level,
      concurrency: concurrencyOf(facts),
      nextId: () => String(++this.#requests),
      onBroken: (reason) => {
        attempt.ending ??= { reason, asFailure: true };
        void stopWorker(worker, undefined, terminateLadder);
      },
      onPending: ({ unanswered, awaited }) => {
        if (awaited > 0) release ??= worker.process.hold();
        else {
          release?.();
          release = undefined;
        }
        this.#apply({ type: "pending", pending: unanswered });
      },
    });
  }

  /** Fails what is pending, walks down the ladder, and waits until nothing is left. */
  async #end(reason: TrError, ladder: StopLadder): Promise<void> {
    const starting = this.#starting;
    starting?.control.abort(reason);
    if (!isRunning(this.#state)) await starting?.promise.catch(() => undefined);
    const attempt = this.#attempt;
    if (attempt === undefined || !isRunning(this.#state)) {
      await attempt?.gone;
      return;
    }
    attempt.ending = { reason, asFailure: false };
    this.#apply({ type: "stopping" });
    attempt.life?.exchange.fail(reason);
    await stopWorker(attempt.worker, attempt.life?.facts.level, ladder);
    await attempt.gone;
  }

  async #untilGone(getAttempt: () => Attempt, worker: RunningWorker): Promise<void> {
    const exit = await worker.process.exited;
    const attempt = getAttempt();
    const { life, ending } = attempt;
    liveWorkers.remove(worker.process.pid);
    const { stderrTail } = worker.process;
    const crash =
      life === undefined
        ? startFailed(exit, stderrTail)
        : crashError(exit, stderrTail, lastStatus(worker));
    const reason = ending?.reason ?? crash;
    const wasBusy = this.#state.status === "busy";
    life?.exchange.fail(reason);
    this.mailbox.endWaits(reason);
    const leftByItself = exit.exitCode === 0 && life !== undefined && !wasBusy;
    const isFailure = ending?.asFailure ?? !leftByItself;
    this.#apply(
      isFailure
        ? { type: "failed", error: reason }
        : {
            type: "left",
            ...(exit.exitCode !== null && { exitCode: exit.exitCode }),
            ...(exit.signal !== null && { signal: exit.signal }),
          },
    );
    await life?.exchange.settled();
    worker.channel.close();
    removeSessionDirectory(worker.directory);
    this.#emitSafely(() => this.emit("exit", exit));
  }

  #apply(event: SessionEvent): void {
    const before = this.#state;
    this.#state = nextState(before, event);
    if (this.#state !== before) this.#emitSafely(() => this.emit("state", this.#state));
  }

  #log(stream: "stdout" | "stderr", line: string): void {
    const isHeard = this.listenerCount("log") > 0;
    if (isHeard) this.#emitSafely(() => this.emit("log", { stream, line }));
    else if (!this.options.quiet) process.stderr.write(`[${this.sessionId}] ${line}\n`);
  }

  /** An error in a listener is its program's, not the session's: it surfaces as an uncaught one, and the session goes on. */
  #emitSafely(emit: () => void): void {
    try {
      emit();
    } catch (error) {
      process.nextTick(() => {
        throw error;
      });
    }
  }

  #closedError(): TrError {
    return new TrError("TR_SESSION_CLOSED", "the session is closed; make a new one");
  }
}
