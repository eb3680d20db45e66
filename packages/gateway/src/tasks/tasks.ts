import { randomUUID } from "node:crypto";
import type { Logger } from "pino";
import type { GenerateOverrides } from "../chat/agent-config.js";
import type { ChatSessions } from "../chat/chat-sessions.js";
import { Changes } from "./changes.js";
import type { ResolvedTasksOptions } from "./options.js";
import type { Retention } from "./retention.js";
import { hasEnded, type Task } from "./task.js";
import { TaskEvents } from "./task-events.js";
import { TaskRun } from "./task-run.js";
import type { TaskStore } from "./task-store.js";

export interface TaskRequest extends GenerateOverrides {
  readonly question: string;
  readonly session_id?: string | undefined;
  readonly idempotent: boolean;
}

export interface TasksContext {
  readonly sessions: ChatSessions;
  readonly store: TaskStore;
  readonly retention: Retention;
  readonly options: ResolvedTasksOptions;
  readonly log: Logger;
  /** Told of each that has ended. */
  readonly onEnd: (task: Task) => void;
  /** How many stand in the pool's line or run at once: the others wait in the database, and chats stand behind these only. */
  readonly lanes: number;
}

/** All tasks: takes them in, begins them in order, gives them to who asks. */
export class Tasks {
  readonly store: TaskStore;
  readonly #context: TasksContext;
  readonly #changes = new Changes();
  readonly #runs = new Map<number, TaskRun>();
  readonly #closing = new AbortController();
  #begunUpTo = 0;

  constructor(context: TasksContext) {
    this.store = context.store;
    this.#context = context;
  }

  /** Begins as many as there are lanes free for. */
  feed(): void {
    const { store, sessions, options, log, lanes } = this.#context;
    while (this.#runs.size < lanes && !this.#closing.signal.aborted) {
      const task = store.nextQueued(this.#begunUpTo);
      if (task === undefined) return;
      this.#begunUpTo = task.seq;
      const run = new TaskRun(task, {
        ...{ sessions, store, log, limits: options },
        ...{ changes: this.#changes, closing: this.#closing.signal },
      });
      this.#runs.set(task.seq, run);
      void run.ended.then(() => {
        this.#runs.delete(task.seq);
        this.#told(task.id);
        this.#guarded(() => this.feed());
      });
    }
  }

  /** @returns why not, when not */
  submit({
    question,
    session_id,
    idempotent,
    ...overrides
  }: TaskRequest): Task | "exists" | "full" {
    const { store, options, log } = this.#context;
    const id = session_id ?? randomUUID();
    if (store.find(id) !== undefined) return "exists";
    if (store.count("queued") >= options.maxQueued) return "full";
    const task = store.add({ id, question, overrides, idempotent });
    log.info({ session: id }, "a task waits");
    this.feed();
    return task;
  }

  /** Resolves when it has stopped, with what it is then. */
  async cancel(task: Task): Promise<Task | undefined> {
    const run = this.#runs.get(task.seq);
    if (run !== undefined) await run.cancel();
    else if (!hasEnded(task)) {
      this.store.end(task, "cancelled");
      this.#changes.tell(task.seq);
      this.#told(task.id);
    }
    return this.store.find(task.id);
  }

  read(seq: number, afterId: number): TaskEvents {
    return new TaskEvents(this.store, this.#changes, this.#closing.signal, { seq, afterId });
  }

  /** Begins none any more; resolves when those that run have ended, which is made to happen by the chat. */
  async drain(): Promise<void> {
    this.#closing.abort();
    this.#changes.tellAll();
    await Promise.all([...this.#runs.values()].map(({ ended }) => ended));
  }

  /** Removes what is kept too long. */
  forget(): void {
    this.#context.retention.run().catch((error) => {
      this.#context.log.error({ err: error }, "old tasks could not be removed");
    });
  }

  #told(id: string): void {
    this.#guarded(() => {
      const task = this.store.find(id);
      if (task === undefined || !hasEnded(task)) return;
      this.#context.onEnd(task);
      this.forget();
    });
  }

  #guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#context.log.error({ err: error }, "the tasks' database failed");
    }
  }
}
