import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import type { ChatSession } from "../chat/chat-session.js";
import type { ChatSessions } from "../chat/chat-sessions.js";
import { isOfQueue } from "../chat/event-json.js";
import { type Failure, failureOf, shuttingDown } from "../chat/failure.js";
import type { Changes } from "./changes.js";
import { EventWriter, TaskTooLarge } from "./event-writer.js";
import type { ResolvedTasksOptions } from "./options.js";
import { type EndState, interruption, mayRunAgain, type Task } from "./task.js";
import type { TaskStore } from "./task-store.js";

export interface TaskRunContext {
  readonly sessions: ChatSessions;
  readonly store: TaskStore;
  readonly changes: Changes;
  readonly limits: Pick<ResolvedTasksOptions, "maxEvents" | "maxBytes">;
  readonly log: Logger;
  /** The gateway is closing. */
  readonly closing: AbortSignal;
}

/** How long until what could not be done is tried again, in ms. */
const retryMs = 1000;

/** A task on its way through the queue and a worker: a chat session whose client is the database. */
export class TaskRun {
  #task: Task;
  readonly #context: TaskRunContext;
  readonly #cancelled = new AbortController();
  #session: ChatSession | undefined;
  /** Resolves when it has ended, and its slot is free; with closing also when it stays in the queue. */
  readonly ended: Promise<void>;

  constructor(task: Task, context: TaskRunContext) {
    this.#task = task;
    this.#context = context;
    this.ended = this.#run();
  }

  /** Resolves when it has stopped. */
  async cancel(): Promise<void> {
    this.#cancelled.abort();
    this.#session?.stop("client");
    await this.ended;
  }

  async #run(): Promise<void> {
    const { closing, changes } = this.#context;
    const either = AbortSignal.any([closing, this.#cancelled.signal]);
    while (!either.aborted) {
      if (await this.#attempt()) return changes.tell(this.#task.seq);
      await sleep(retryMs, undefined, { signal: either }).catch(() => {}); // the loop looks why
    }
    if (this.#cancelled.signal.aborted) await this.#end("cancelled", []);
    changes.tell(this.#task.seq);
  }

  /** Gives whether it has ended; if not it waits still. */
  async #attempt(): Promise<boolean> {
    const { sessions, store, log, changes } = this.#context;
    const { seq, id, question, overrides } = this.#task;
    const session = sessions.begin(
      { question, session_id: id, ...overrides },
      {
        acquireTimeoutMs: Number.POSITIVE_INFINITY,
        onSlot: () => {
          store.begin(seq);
          changes.tell(seq);
        },
      },
    );
    if (session === undefined) return false; // a chat has chosen the same name
    this.#session = session;
    const release = session.hold(); // nobody's leaving ends it
    const writer = new EventWriter(this.#task, store, changes, this.#context.limits);
    let trouble: unknown;
    try {
      await record(session, writer);
    } catch (error) {
      trouble = error;
      session.stop("client");
    }
    await session.ended;
    release(0);
    const rest = writer.take();
    const { failure, hadSlot } = session;
    if (trouble !== undefined) {
      log.warn({ session: id, err: trouble }, "a task's events could not be kept");
      const told = trouble instanceof TaskTooLarge ? trouble.failure : failureOf(trouble);
      await this.#end("failed", rest, told);
    } else if (session.status === "client_disconnected") await this.#end("cancelled", rest);
    else if (!hadSlot) return false;
    else if (failure === shuttingDown) await this.#cutOff(rest);
    else if (failure?.code === "TR_WORKER_CRASHED" && (await this.#waitsAgain(rest))) return false;
    else await this.#end(failure ? "failed" : "completed", rest, failure);
    return true;
  }

  #cutOff(rest: Buffer[]): Promise<void> {
    const { store } = this.#context;
    return this.#write(() => {
      const now = store.find(this.#task.id) ?? this.#task; // with how often it was begun
      if (mayRunAgain(now)) store.requeue(now.seq, rest);
      else store.end(now, "interrupted", rest, interruption(now));
    });
  }

  /** Its worker has died. It may be what it died of, so that this is bounded as for the end of a server. */
  async #waitsAgain(rest: Buffer[]): Promise<boolean> {
    const { store, changes, log } = this.#context;
    const { seq, id } = this.#task;
    const waits = await this.#write(() => {
      if (!mayRunAgain(store.find(id) ?? this.#task)) return false;
      store.requeue(seq, rest);
      this.#task = store.find(id) ?? this.#task; // with the events that it has
      return true;
    });
    if (waits !== true) return false;
    log.warn({ session: id }, "a task's worker has died: it is begun anew");
    changes.tell(seq);
    return true;
  }

  #end(state: EndState, rest: Buffer[], failure?: Failure): Promise<void> {
    return this.#write(() => this.#context.store.end(this.#task, state, rest, failure));
  }

  /** A disk that is full now may not be later; until then nothing else of this slot is begun. */
  async #write<T>(work: () => T): Promise<T | undefined> {
    const { log, closing } = this.#context;
    for (;;) {
      try {
        return work();
      } catch (error) {
        log.error({ session: this.#task.id, err: error }, "a task's end could not be written");
        if (closing.aborted) return undefined; // as after a crash: the next start settles it
        await sleep(retryMs, undefined, { signal: closing }).catch(() => {}); // tried once more then
      }
    }
  }
}

/** What the agent says, without what the session says of its wait and its end: the task says that itself. */
async function record(session: ChatSession, writer: EventWriter): Promise<void> {
  const reader = session.log.read(0);
  try {
    for (;;) {
      const event = await reader.next();
      if (event === "lost") throw new Error("events were lost before they were written");
      if (typeof event !== "object") return;
      const { isEnded, failure, log } = session;
      if (isEnded && event.id > log.lastId - (failure === undefined ? 1 : 2)) return;
      if (!isOfQueue(event.json)) writer.add(event.json);
    }
  } finally {
    reader.close();
  }
}
