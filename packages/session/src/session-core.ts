import type { EventEmitter } from "node:events";
import { TrError } from "@tr/protocol/errors";
import { abortable, onceAborted } from "./abortable.js";
import { Mailbox } from "./mailbox.js";
import {
  type ResolvedOptions,
  resolveOptions,
  type SessionOptions,
  waitLimitMs,
} from "./options.js";
import { RestartPolicy } from "./restart-policy.js";
import type { SessionHealth } from "./session-health.js";
import { type SessionInfo, sessionInfo } from "./session-info.js";
import { startLife } from "./start-life.js";
import { Starter } from "./starter.js";
import { StatefulSession } from "./stateful-session.js";
import type { StopLadder } from "./stop-worker.js";
import { cancelled, sessionClosed, sessionTerminated } from "./stopped-errors.js";
import { type Ending, type ReadyWorker, terminateLadder, type WorkerLife } from "./worker-life.js";
import type { Exit } from "./worker-process.js";
import { randomSessionId } from "./workspace.js";

export interface SignalOptions {
  signal?: AbortSignal | undefined;
}

/** How long the steps of `close()` wait, in ms. */
const closeLadder: StopLadder = { requestMs: 2000, termMs: 1000 };

/** Of a worker that has not come to be. */
const noExit: Exit = { exitCode: null, signal: null, oom: false };

/** The life of one Python process after another: start, state, events, end. {@link PythonSession} adds the calls. */
export abstract class SessionCore extends StatefulSession {
  readonly sessionId: string;
  protected readonly options: ResolvedOptions;
  protected readonly mailbox = new Mailbox();
  readonly #starter = new Starter((signal, isOwn) => this.#start(signal, isOwn));
  readonly #restarts: RestartPolicy | undefined;
  #life: WorkerLife | undefined;
  #requests = 0;
  #generation = 0;
  #closing: Promise<void> | undefined;

  constructor(options: SessionOptions) {
    super();
    this.options = resolveOptions(options);
    this.sessionId = this.options.sessionId ?? randomSessionId();
    const { restart } = this.options;
    this.#restarts = restart && new RestartPolicy(restart);
    (this as EventEmitter).on("newListener", (name) => {
      if (name === "heartbeat") this.#life?.listenToHeart();
    });
  }

  /** `<workspace>/<sessionFolder>/tr_session_<sessionId>` while a process runs. */
  get sessionDir(): string | undefined {
    return this.isRunning ? this.#life?.worker.directory : undefined;
  }

  /** What runs; `undefined` before it has said `ready` and after its end. */
  get info(): SessionInfo | undefined {
    const ready = this.#life?.ready;
    if (ready === undefined || !this.isRunning) return undefined;
    const { worker, facts, transport } = ready;
    return sessionInfo(this.sessionId, worker, facts, this.#generation, transport);
  }

  /** Whether a process is there, ready or not. */
  isAlive(): boolean {
    return this.isRunning && this.#life?.worker.process.hasExited === false;
  }

  /**
   * Starts the worker; resolves when it has said that it is ready, at once when it has already.
   *
   * @throws TrError `TR_PYTHON_NOT_FOUND`, `TR_SCRIPT_NOT_FOUND`, `TR_START_FAILED` and `TR_START_TIMEOUT` (both
   * with the last lines of stderr), `TR_SESSION_CLOSED`, `TR_CANCELLED`.
   */
  async start({ signal }: SignalOptions = {}): Promise<void> {
    if (this.#closing) throw sessionClosed();
    if (this.state.status === "ready" || this.state.status === "busy") return;
    await this.#starter.start(signal);
  }

  /** What can be said of the worker at this moment; it is not asked, its last heartbeat is read. */
  async health({ signal }: SignalOptions = {}): Promise<SessionHealth> {
    if (signal?.aborted) throw cancelled("health", signal)(undefined);
    const life = this.isRunning ? this.#life : undefined;
    const gone = { status: "gone", alive: false, callsServed: 0 } as const;
    return life?.health(this.#generation) ?? { ...gone, generation: this.#generation };
  }

  /** Ends the process now: SIGTERM, then SIGKILL of the group. Pending calls fail with `TR_WORKER_CRASHED`; `start()` works again. */
  async terminate({ signal }: SignalOptions = {}): Promise<void> {
    await abortable(this.#end(sessionTerminated(), terminateLadder), signal);
  }

  /** Ends the session for good: pending calls fail with `TR_SESSION_CLOSED`, the worker is asked to leave (2,000 ms), then SIGTERM (1,000 ms), then SIGKILL. */
  close({ signal }: SignalOptions = {}): Promise<void> {
    this.#closing ??= this.#end(sessionClosed(), closeLadder);
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
    if (!this.isRunning) return true;
    if (life === undefined) {
      // What it will be forked from imports its script: there is nobody to ask.
      await this.terminate({ signal });
      return false;
    }
    if (!ensure) {
      life.askToLeave();
      this.expectExit();
      return life.worker.process.waitForExit(requestMs, signal);
    }
    this.expectExit();
    const left = await abortable(life.stop({ ...terminateLadder, requestMs }), signal);
    await life.gone;
    return left;
  }

  /** Whether a start is under way, the pause before one included. */
  protected get isStarting(): boolean {
    return this.#starter.isStarting;
  }

  /** The running worker, when it has started. @throws as `runningNow`, and as the start. */
  protected async running(signal?: AbortSignal): Promise<ReadyWorker> {
    await this.#starter.wait(signal);
    return this.runningNow();
  }

  /** Why the last process has ended. */
  protected endReason(): TrError {
    if (this.state.status === "crashed") return this.state.error;
    return this.#life?.ending?.reason ?? sessionClosed();
  }

  /** Takes the answers that are there. */
  protected drain(): void {
    this.#life?.ready?.exchange.drain();
  }

  /** The running worker. @throws TrError `TR_NOT_STARTED`, `TR_SESSION_CLOSED`, or the error of the crash. */
  protected runningNow(): ReadyWorker {
    const ready = this.#life?.ready;
    if (this.#closing) throw sessionClosed();
    if (ready !== undefined && this.isRunning) return ready;
    if (this.state.status === "crashed") throw this.state.error;
    throw new TrError("TR_NOT_STARTED", "no worker runs: await start() first");
  }

  /** The process is about to leave because it was asked to: that will not be a crash. */
  protected expectExit(): void {
    const reason = new TrError("TR_SESSION_CLOSED", "the worker was asked to leave");
    this.#life?.expectEnd({ reason, isFailure: false });
    this.apply({ type: "stopping" });
  }

  /** @param signal its reason is the TrError to fail with */
  async #start(signal: AbortSignal, isRestart: boolean): Promise<void> {
    await Promise.race([this.#life?.gone, onceAborted(signal)]);
    signal.throwIfAborted();
    if (this.#closing) throw sessionClosed();
    if (!isRestart) this.mailbox.clear(); // nobody has asked for it: what is unread stays
    try {
      await startLife({
        ...{ options: this.options, sessionId: this.sessionId, signal },
        nextId: () => String(++this.#requests),
        onLine: (stream, line) =>
          this.tellLine(stream, line, `[${this.sessionId}]`, this.options.quiet),
        onImporting: (pid) => {
          this.#life = undefined;
          this.apply({ type: "spawned", pid });
        },
        onSpawned: (life) => this.#spawned(life),
        onReady: (pid) => this.apply({ type: "ready", pid }),
        onPending: (pending) => this.apply({ type: "pending", pending }),
        onStopping: () => this.apply({ type: "stopping" }),
        onEnd: (exit, ending) => this.#ended(exit, ending),
        tell: (name, value) => this.tell(name, value),
        hasListener: (name) => this.listenerCount(name) > 0,
      });
    } catch (error) {
      const reason = error as TrError;
      // What it would have been forked from could not import its script.
      if (this.isRunning) this.#ended(noExit, { reason, isFailure: !signal.aborted });
      throw error;
    }
  }

  #spawned(life: WorkerLife): void {
    const { process, warning } = life.worker;
    void life.gone.then(() => this.tell("exit", process.exit));
    this.#life = life;
    this.#generation++;
    this.apply({ type: "spawned", pid: process.pid });
    if (warning) this.tell("warning", warning);
  }

  /** Fails what is pending, walks down the ladder, and waits until nothing is left. */
  async #end(reason: TrError, ladder: StopLadder): Promise<void> {
    const life = this.#life;
    const aborted = this.#starter.abort(reason);
    if (life !== undefined && this.isRunning) {
      this.apply({ type: "stopping" });
      life.failPending(reason);
      await life.stop(ladder);
    }
    await aborted;
    await life?.gone;
  }

  #ended({ exitCode, signal }: Exit, { reason, isFailure }: Ending): void {
    this.mailbox.endWaits(reason);
    if (isFailure) this.#failed(reason, this.#life?.ready !== undefined);
    else {
      this.apply({
        type: "left",
        ...(exitCode !== null && { exitCode }),
        ...(signal !== null && { signal }),
      });
    }
  }

  /** @param mayRestart a start that fails is for who wanted it */
  #failed(error: TrError, mayRestart: boolean): void {
    const policy = mayRestart ? this.#restarts : undefined;
    const delayMs = policy?.next(performance.now());
    const isExhausted = policy && delayMs === undefined;
    const starting = delayMs === undefined ? undefined : this.#starter.startAfter(delayMs);
    this.apply({ type: "failed", error: isExhausted ? policy.exhausted(error) : error });
    if (delayMs === undefined) return;
    this.tell("restart", { generation: this.#generation + 1, delayMs, reason: error });
    starting?.promise.catch((failure) => {
      if (!starting.signal.aborted) this.#failed(failure, true);
      // Told again to who waits for a start that is not to come any more.
      else if (this.state.status === "crashed") this.apply({ type: "failed", error });
    });
  }
}
