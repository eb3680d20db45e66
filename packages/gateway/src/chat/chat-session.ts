import type { Lease, Pool } from "@tr/pool";
import { EventLog } from "../events/event-log.js";
import { timestampMs } from "../timestamp.js";
import type { JsonObject } from "./agent-config.js";
import { agentEvent, eventJson } from "./event-json.js";
import { type Failure, failureOf, type StopReason, shuttingDown } from "./failure.js";

export type ChatStatus = "queued" | "processing" | "completed" | "client_disconnected" | "error";

export interface ChatQuestion {
  readonly id: string;
  readonly question: string;
  /** The instance's own, see `agentConfig`. */
  readonly config: JsonObject;
  /** How long it may wait, in ms. Default: the pool's. */
  readonly acquireTimeoutMs?: number;
  /** Called when it has its slot, before anything is sent to the agent. What it throws ends the session. */
  readonly onSlot?: () => void;
}

/** Told of what happens, for log and metrics; times are ms of `performance.now()`. */
export interface ChatObserver {
  /** It has its slot; `workerId` is the Python session that works for it. */
  onSlot(session: ChatSession, workerId: string, waitedMs: number): void;
  /** The agent has given its first event. */
  onFirstEvent(session: ChatSession, afterMs: number): void;
  /** It has given its slot back. */
  onSlotBack(session: ChatSession, workerId: string): void;
  onEnd(session: ChatSession, lastedMs: number, cause: unknown): void;
  /** The agent's clean-up has failed, or it did not stop and its worker was killed. */
  onUncleanStop(session: ChatSession, cause: unknown): void;
}

/** One question: its wait for a slot, its agent's events, its end. All that is told of it is in its log. */
export class ChatSession {
  readonly id: string;
  /** Its beginning only, when it has ended. */
  question: string;
  readonly startTime = new Date(timestampMs());
  readonly log = new EventLog();
  status: ChatStatus = "queued";
  endTime: Date | undefined;
  /** By the monotonic clock, in ms. */
  endedAt = 0;
  /** Why it has failed. */
  failure: Failure | undefined;
  /** It has, or had, a slot. */
  hadSlot = false;
  /** The process that works for it, and since when. */
  slot: { readonly pid: number | undefined; readonly since: Date } | undefined;
  readonly #config: JsonObject;
  readonly #acquireTimeoutMs: number | undefined;
  readonly #onSlot: (() => void) | undefined;
  readonly #observer: ChatObserver;
  readonly #started = performance.now();
  readonly #stop = new AbortController();
  readonly #ended = Promise.withResolvers<void>();
  #clients = 0;
  #grace: NodeJS.Timeout | undefined;

  constructor(asked: ChatQuestion, observer: ChatObserver) {
    this.id = asked.id;
    this.question = asked.question;
    this.#config = asked.config;
    this.#acquireTimeoutMs = asked.acquireTimeoutMs;
    this.#onSlot = asked.onSlot;
    this.#observer = observer;
  }

  /** Resolves when it has ended and its slot is free. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  get isEnded(): boolean {
    return this.endTime !== undefined;
  }

  /**
   * A client reads it. It gives it back with how long the session may go on when no other reads it, in ms;
   * after that it is stopped.
   */
  hold(): (graceMs: number) => void {
    this.#clients++;
    clearTimeout(this.#grace);
    let isHeld = true;
    return (graceMs) => {
      if (!isHeld) return;
      isHeld = false;
      if (--this.#clients > 0 || this.isEnded) return;
      if (graceMs === 0) this.stop("client");
      else this.#grace = setTimeout(() => this.stop("client"), graceMs);
    };
  }

  /** Stops what runs for it; it ends when that has stopped. */
  stop(reason: StopReason): void {
    this.#stop.abort(reason);
  }

  /** Waits for a worker, runs the agent there, ends. Nothing is thrown: what fails is told by the log. */
  async run(pool: Pool): Promise<void> {
    let cause: unknown;
    try {
      await this.#work(pool);
    } catch (error) {
      cause = error;
    }
    this.#end(cause);
  }

  async #work(pool: Pool): Promise<void> {
    const { signal } = this.#stop;
    const onPosition = (before: number) => this.#queued(before + 1);
    const acquireTimeoutMs = this.#acquireTimeoutMs;
    const lease = await pool.acquire({ signal, acquireTimeoutMs, onPosition });
    const workerId = lease.session.sessionId;
    this.#observer.onSlot(this, workerId, performance.now() - this.#started);
    try {
      this.status = "processing";
      this.hadSlot = true;
      this.#onSlot?.();
      this.slot = { pid: lease.session.info?.pid, since: new Date(timestampMs()) };
      this.#append({ type: "session_start", content: "the agent has begun" });
      await this.#relay(lease);
    } finally {
      this.slot = undefined;
      lease.release();
      this.#observer.onSlotBack(this, workerId);
    }
  }

  /** Each move of those who wait at the front, some of the others': a long queue would fill its logs with them. */
  #queued(position: number): void {
    const isNews = this.log.lastId === 0 || position <= 10 || position % 10 === 0;
    if (isNews) this.#append({ type: "queued", position });
  }

  async #relay(lease: Lease): Promise<void> {
    const { signal } = this.#stop;
    const events = lease.stream("$agent", [this.question, this.#config]);
    const leave = () => events.return().catch((error) => this.#observer.onUncleanStop(this, error));
    const onStop = () => void leave();
    signal.addEventListener("abort", onStop, { once: true });
    if (signal.aborted) onStop();
    try {
      for (let count = 0; ; count++) {
        const { done, value } = await events.next();
        if (done || signal.aborted) return;
        if (count === 0) this.#observer.onFirstEvent(this, performance.now() - this.#started);
        const json = eventJson(this.#stamped(agentEvent(value)));
        await this.log.room(json.length, signal);
        this.log.append(json);
      }
    } finally {
      signal.removeEventListener("abort", onStop);
      await leave(); // the slot is free only when the worker has stopped
    }
  }

  #end(cause: unknown): void {
    const { signal } = this.#stop;
    if (signal.aborted && signal.reason === "client") this.status = "client_disconnected";
    else if (signal.aborted) this.failure = shuttingDown;
    else if (cause !== undefined) this.failure = failureOf(cause);
    else this.status = "completed";
    if (this.failure !== undefined) {
      this.status = "error";
      this.#append({ type: "error", ...this.failure });
    }
    clearTimeout(this.#grace);
    this.question = beginningOf(this.question);
    this.endTime = new Date(timestampMs());
    this.endedAt = performance.now();
    this.#append({ type: "completed", content: "the session has ended", status: this.status });
    this.log.end();
    this.#observer.onEnd(
      this,
      performance.now() - this.#started,
      signal.aborted ? undefined : cause,
    );
    this.#ended.resolve();
  }

  #append(event: Record<string, unknown>): void {
    this.log.append(eventJson(this.#stamped(event)));
  }

  #stamped(event: Record<string, unknown>): Record<string, unknown> {
    return { ...event, session_id: this.id, timestamp: new Date().toISOString() };
  }
}

/** What is shown of a question. A text of its own: a slice would keep the whole. */
export function beginningOf(question: string): string {
  return question.length > 1000 ? `${Buffer.from(question.slice(0, 1000))}…` : question;
}
