import type { LoggedEvent } from "../events/event-log.js";
import type { EventSource } from "../events/send-events.js";
import type { Changes } from "./changes.js";
import { hasEnded } from "./task.js";
import type { TaskStore } from "./task-store.js";

/** A task's events, read from the database one at a time: who reads slowly costs one event. */
export class TaskEvents implements EventSource {
  readonly #store: TaskStore;
  readonly #changes: Changes;
  readonly #seq: number;
  readonly #closing: AbortSignal;
  #afterId: number;

  constructor(
    store: TaskStore,
    changes: Changes,
    closing: AbortSignal,
    { seq, afterId }: { seq: number; afterId: number },
  ) {
    this.#store = store;
    this.#changes = changes;
    this.#closing = closing;
    this.#seq = seq;
    this.#afterId = afterId;
  }

  async next(signal: AbortSignal): Promise<LoggedEvent | "end" | "lost" | undefined> {
    for (;;) {
      if (signal.aborted) return undefined;
      const json = this.#store.event(this.#seq, this.#afterId + 1);
      if (json !== undefined) return { id: ++this.#afterId, json };
      const state = this.#store.stateOf(this.#seq);
      if (state === undefined) return "lost"; // forgotten meanwhile
      // One that waits goes on after the restart, and so may its reader.
      if (hasEnded({ state }) || (state === "queued" && this.#closing.aborted)) return "end";
      await this.#changes.next(this.#seq, signal);
    }
  }

  close(): void {}
}
