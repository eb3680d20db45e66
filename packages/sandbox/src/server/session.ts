import type { BackEnd, SessionSeed } from "./back-end.js";
import type { Alarm, Clock } from "./clock.js";
import type { SandboxLog } from "./log.js";
import {
  type EndReason,
  next,
  type Outcome,
  type SessionEvent,
  type SessionState,
  type SessionStatus,
  statusOf,
} from "./session-state.js";

export interface SessionParts {
  clock: Clock;
  log: SandboxLog;
  ttlMs: number;
  /** Told of every change, before what follows from it is begun. */
  changed(session: Session, before: SessionState): void;
}

/** Why a session could not be made. */
export interface Failure {
  stage: "warmup" | "initialize" | "ended";
  error: unknown;
}

/** One session: its state, its time to live, and what is done when the state changes. */
export class Session {
  readonly seed: SessionSeed;
  readonly backEnd: BackEnd;
  /** Aborted with the {@link EndReason} when the session is ended, made or not. */
  readonly stop = new AbortController();
  /** Settled when `initialize` is; never rejects. */
  readonly created: Promise<void>;
  readonly over: Promise<Outcome>;
  failure: Failure | undefined;
  /** What `cleanup` raised. */
  cleanupError: unknown;
  readonly #parts: SessionParts;
  readonly #settleOver: (outcome: Outcome) => void;
  #state: SessionState = { phase: "creating" };
  #lastActivityMs: number;
  #activeAt: number;
  #alarm: Alarm | undefined;

  constructor(seed: SessionSeed, backEnd: BackEnd, parts: SessionParts) {
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    this.seed = seed;
    this.backEnd = backEnd;
    this.over = promise;
    this.#settleOver = resolve;
    this.#parts = parts;
    this.#lastActivityMs = parts.clock.now();
    this.#activeAt = parts.clock.date();
    this.created = this.#initialize();
  }

  get state(): SessionState {
    return this.#state;
  }

  get status(): SessionStatus {
    return statusOf(this.#state);
  }

  /** Calls whose code has not ended. */
  get calls(): number {
    return "calls" in this.#state ? this.#state.calls : 0;
  }

  /** Since 1970. */
  get lastActivityAt(): number {
    return this.#activeAt;
  }

  /** Until it expires if nothing is called; `undefined`: it does not, or is ending. */
  get msLeft(): number | undefined {
    if (this.seed.temporary || this.#state.phase !== "open") return undefined;
    if (this.#state.calls > 0) return this.#parts.ttlMs; // counted from the end of the call
    return Math.max(0, this.#lastActivityMs + this.#parts.ttlMs - this.#parts.clock.now());
  }

  /** To be called while the state is `open`. The tool's code has ended when the function given back is called. */
  begin(): { stuck(): void; ended(): void } {
    this.#dispatch({ type: "call-began" });
    this.touch();
    let stuck = false;
    return {
      stuck: () => {
        stuck = true;
        this.#dispatch({ type: "call-stuck" });
      },
      ended: () => {
        this.touch();
        this.#dispatch({ type: "call-ended", stuck });
      },
    };
  }

  /** Counts its time to live from now. */
  touch(): void {
    this.#lastActivityMs = this.#parts.clock.now();
    this.#activeAt = this.#parts.clock.date();
  }

  /** Cleans it up as soon as no code of its tools runs. */
  end(reason: EndReason): void {
    this.#dispatch({ type: "end", reason });
  }

  lose(): void {
    this.#dispatch({ type: "lost" });
  }

  abandon(): void {
    this.#dispatch({ type: "abandon" });
  }

  #dispatch(event: SessionEvent): void {
    const before = this.#state;
    const after = next(before, event);
    if (after === before) return;
    this.#state = after;
    this.#parts.changed(this, before);
    if (event.type === "end") this.stop.abort(event.reason);
    if (event.type === "abandon") this.stop.abort("shutdown");
    if (after.phase === "cleaning") void this.#cleanUp();
    if (after.phase === "open" && after.calls === 0) this.#watch();
    if (after.phase === "over") this.#settleOver(after.outcome);
    if (after.phase !== "open") this.#alarm?.cancel();
  }

  async #initialize(): Promise<void> {
    let stage: Failure["stage"] = "warmup";
    try {
      await this.backEnd.warmup();
      stage = "ended";
      if (this.#state.phase !== "creating" || this.#state.end)
        throw new Error("not begun any more");
      stage = "initialize";
      await this.backEnd.initialize(this.seed);
      this.touch();
      this.#dispatch({ type: "initialized" });
    } catch (error) {
      this.failure = { stage, error };
      this.#dispatch({ type: "initialize-failed" });
    }
  }

  async #cleanUp(): Promise<void> {
    try {
      await this.backEnd.cleanup(this.seed.session_id);
    } catch (error) {
      this.cleanupError = error;
      const { session_id } = this.seed;
      this.#parts.log.warn({ session: session_id, err: error }, "cleanup of a session failed");
    }
    this.#dispatch({ type: "cleaned" });
  }

  /** One alarm at a time, set again when it comes too early: a call costs no timer. */
  #watch(): void {
    if (this.seed.temporary || this.#alarm) return;
    const left = this.#lastActivityMs + this.#parts.ttlMs - this.#parts.clock.now();
    this.#alarm = this.#parts.clock.setTimeout(
      () => {
        this.#alarm = undefined;
        if (this.#state.phase !== "open" || this.#state.calls > 0) return;
        if (this.msLeft === 0) this.end("expired");
        else this.#watch();
      },
      Math.max(0, left),
    );
  }
}
