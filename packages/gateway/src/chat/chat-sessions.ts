import { randomUUID } from "node:crypto";
import type { Pool } from "@tr/pool";
import { agentConfig, type GenerateOverrides, type JsonObject } from "./agent-config.js";
import { type ChatObserver, type ChatQuestion, ChatSession } from "./chat-session.js";

/** What is kept of the sessions that have ended, to be listed and read again. */
const maxEnded = 200;
const maxEndedMs = 600_000;
const maxEndedBytes = 16 * 2 ** 20;

export interface NewQuestion extends GenerateOverrides {
  readonly question: string;
  readonly session_id?: string | undefined;
}

/** All sessions by id: those that wait or run, and for a while those that have ended. */
export class ChatSessions {
  readonly #pool: Pool;
  readonly #template: JsonObject;
  readonly #observer: ChatObserver;
  readonly #byId = new Map<string, ChatSession>();
  /** In the order in which they ended. */
  readonly #ended = new Set<ChatSession>();
  /** Of the logs of those that have ended. */
  #endedBytes = 0;

  constructor(pool: Pool, template: JsonObject, observer: ChatObserver) {
    this.#pool = pool;
    this.#template = template;
    this.#observer = observer;
  }

  /** Oldest first. */
  get all(): ChatSession[] {
    this.#forget();
    return [...this.#byId.values()];
  }

  get live(): ChatSession[] {
    return [...this.#byId.values()].filter(({ isEnded }) => !isEnded);
  }

  find(id: string): ChatSession | undefined {
    this.#forget();
    return this.#byId.get(id);
  }

  /** Begins one; `undefined`: another of that id has not ended. */
  begin(
    { question, session_id, ...overrides }: NewQuestion,
    waiting: Pick<ChatQuestion, "acquireTimeoutMs" | "onSlot"> = {},
  ): ChatSession | undefined {
    const id = session_id ?? randomUUID();
    const before = this.#byId.get(id);
    if (before?.isEnded === false) return undefined;
    if (before !== undefined) this.#drop(before);
    const config = agentConfig(this.#template, overrides);
    const session = new ChatSession({ id, question, config, ...waiting }, this.#observer);
    this.#byId.set(id, session);
    void session.run(this.#pool).then(() => this.#keep(session));
    return session;
  }

  /** Lets those that run end until `deadline`; those that wait end at once. */
  async drain(deadline: AbortSignal): Promise<void> {
    for (const session of this.live) if (session.status === "queued") session.stop("shutdown");
    const stopAll = () => {
      for (const session of this.live) session.stop("shutdown");
    };
    deadline.addEventListener("abort", stopAll, { once: true });
    if (deadline.aborted) stopAll();
    await Promise.all(this.live.map(({ ended }) => ended));
    deadline.removeEventListener("abort", stopAll);
  }

  /** For a while. */
  #keep(session: ChatSession): void {
    if (this.#byId.get(session.id) !== session) return; // another has its name already
    this.#ended.add(session);
    this.#endedBytes += session.log.bytes;
    this.#forget();
  }

  #forget(): void {
    const oldest = performance.now() - maxEndedMs;
    for (const session of this.#ended) {
      if (session.endedAt >= oldest && this.#ended.size <= maxEnded) break;
      this.#drop(session);
    }
    for (const { log } of this.#ended) {
      if (this.#endedBytes <= maxEndedBytes) break;
      this.#endedBytes -= log.bytes;
      log.clear();
    }
  }

  #drop(session: ChatSession): void {
    this.#byId.delete(session.id);
    if (this.#ended.delete(session)) this.#endedBytes -= session.log.bytes;
  }
}
