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
    if (this.#byId.get(id)?.isEnded === false) return undefined;
    this.#byId.delete(id); // so that the new one stands last
    const config = agentConfig(this.#template, overrides);
    const session = new ChatSession({ id, question, config, ...waiting }, this.#observer);
    this.#byId.set(id, session);
    void session.run(this.#pool).then(() => this.#forget());
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

  #forget(): void {
    const ended = [...this.#byId.values()].filter(({ isEnded }) => isEnded);
    ended.sort((a, b) => b.endedAt - a.endedAt);
    let bytes = 0;
    for (const [place, { id, endedAt, log }] of ended.entries()) {
      const isOld = performance.now() - endedAt > maxEndedMs;
      if (isOld || place >= maxEnded) this.#byId.delete(id);
      bytes += log.bytes;
      if (bytes > maxEndedBytes) log.clear();
    }
  }
}
