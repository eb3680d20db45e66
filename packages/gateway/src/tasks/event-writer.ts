import type { Failure } from "../chat/failure.js";
import type { Changes } from "./changes.js";
import type { ResolvedTasksOptions } from "./options.js";
import type { Task } from "./task.js";
import type { TaskStore } from "./task-store.js";

/** A task has given more than it may. */
export class TaskTooLarge extends Error {
  readonly failure: Failure;

  constructor(what: string) {
    super(`the task has more than ${what}`);
    this.failure = { code: "TASK_TOO_LARGE", content: this.message };
  }
}

/** How long an event waits for others, in ms: a transaction for each token would be most of the work. */
const delayMs = 50;
/** How much of them is in memory. */
const batchBytes = 2 ** 18;

/** Writes a running task's events: the first after a silence at once, those that follow closely together. */
export class EventWriter {
  readonly #task: Task;
  readonly #store: TaskStore;
  readonly #changes: Changes;
  readonly #limits: Pick<ResolvedTasksOptions, "maxEvents" | "maxBytes">;
  #count: number;
  #total: number;
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #writtenAt = -delayMs;
  #timer: NodeJS.Timeout | undefined;
  #failure: unknown;

  constructor(
    task: Task,
    store: TaskStore,
    changes: Changes,
    limits: Pick<ResolvedTasksOptions, "maxEvents" | "maxBytes">,
  ) {
    this.#task = task;
    this.#store = store;
    this.#changes = changes;
    this.#limits = limits;
    this.#count = task.events;
    this.#total = task.bytes;
  }

  /** @throws TaskTooLarge; Error of the database, which an earlier one may have met */
  add(json: Buffer): void {
    if (this.#failure !== undefined) throw this.#failure;
    const { maxEvents, maxBytes } = this.#limits;
    this.#total += json.length;
    if (++this.#count > maxEvents) throw new TaskTooLarge(`${maxEvents} events`);
    if (this.#total > maxBytes) throw new TaskTooLarge(`${maxBytes} bytes`);
    this.#pending.push(json);
    this.#pendingBytes += json.length;
    const dueMs = this.#writtenAt + delayMs - performance.now();
    if (dueMs <= 0 || this.#pendingBytes >= batchBytes) this.#write();
    else this.#timer ??= setTimeout(() => this.#writeLater(), dueMs);
  }

  /** What is not written yet; it is the caller's. */
  take(): Buffer[] {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#pendingBytes = 0;
    return this.#pending.splice(0);
  }

  #write(): void {
    this.#store.append(this.#task.seq, this.#pending);
    this.take();
    this.#writtenAt = performance.now();
    this.#changes.tell(this.#task.seq);
  }

  #writeLater(): void {
    try {
      this.#write();
    } catch (error) {
      this.#failure = error;
    }
  }
}
