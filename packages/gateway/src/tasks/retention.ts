import { setImmediate as turn } from "node:timers/promises";
import { timestampMs } from "../timestamp.js";
import type { TaskDatabase } from "./database.js";
import type { ResolvedTasksOptions } from "./options.js";

export type KeepOptions = Pick<ResolvedTasksOptions, "keepMs" | "keepCount" | "keepBytes">;

/** How many events are removed at a time: others have their turn between. */
const batch = 200;

/** Forgets the tasks that ended first, as far as there are too many, they are too large or too old. */
export class Retention {
  readonly #options: KeepOptions;
  readonly #step: () => boolean;
  #running: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(database: TaskDatabase, options: KeepOptions) {
    this.#options = options;
    this.#step = steps(database, options);
  }

  /** Resolves when there is nothing more to forget. @throws Error of the database */
  run(): Promise<void> {
    const run = this.#running.then(() => this.#run());
    this.#running = run.catch(() => {}); // told to who has begun it
    return run;
  }

  /** How often one has to look, in ms: a tenth of the time that tasks are kept, at most a minute. */
  get intervalMs(): number {
    return Math.min(60_000, Math.max(100, this.#options.keepMs / 10));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    await turn();
    while (!this.#isClosed && this.#step()) await turn();
  }
}

/** One small transaction; gives whether there may be more to do. */
function steps(database: TaskDatabase, { keepMs, keepCount, keepBytes }: KeepOptions) {
  const { sql } = database;
  const kept = sql.prepare(
    "SELECT count(*) AS n, sum(bytes) AS bytes, min(ended_ms) AS oldest FROM tasks WHERE ended_ms IS NOT NULL",
  );
  // It is gone for everybody at once, and its id is free; its events go in the steps that follow, also
  // after a restart.
  const forget = sql.prepare(
    `UPDATE tasks SET id = NULL, state = 'forgotten', ended_ms = NULL
     WHERE seq = (SELECT seq FROM tasks WHERE ended_ms IS NOT NULL ORDER BY ended_ms, seq LIMIT 1)`,
  );
  const forgotten = sql.prepare("SELECT seq FROM tasks WHERE state = 'forgotten' LIMIT 1");
  const removeEvents = sql.prepare(
    "DELETE FROM events WHERE task = ? AND id IN (SELECT id FROM events WHERE task = ? LIMIT ?)",
  );
  const removeTask = sql.prepare("DELETE FROM tasks WHERE seq = ?");
  return (): boolean =>
    database.write(() => {
      const seq = forgotten.get()?.seq;
      if (seq !== undefined) {
        const isEmpty = Number(removeEvents.run(seq, seq, batch).changes) < batch;
        if (isEmpty) removeTask.run(seq);
        return true;
      }
      const { n, bytes, oldest } = kept.get() ?? {};
      const isOld = oldest !== null && Number(oldest) < timestampMs() - keepMs;
      if (!isOld && Number(n) <= keepCount && Number(bytes) <= keepBytes) return false;
      return Number(forget.run().changes) > 0;
    });
}
