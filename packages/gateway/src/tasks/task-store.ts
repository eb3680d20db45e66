import type { GenerateOverrides } from "../chat/agent-config.js";
import { eventJson } from "../chat/event-json.js";
import type { Failure } from "../chat/failure.js";
import { timestampMs } from "../timestamp.js";
import type { TaskDatabase } from "./database.js";
import { type EndState, interruption, mayRunAgain, type Task, type TaskState } from "./task.js";

export interface NewTask {
  readonly id: string;
  readonly question: string;
  readonly overrides: GenerateOverrides;
  readonly idempotent: boolean;
}

type Row = Record<string, number | string | null>;

/** What is known of tasks. All of it is in the database and nothing is kept besides. */
export class TaskStore {
  readonly #database: TaskDatabase;
  readonly #sql: ReturnType<typeof statements>;

  constructor(database: TaskDatabase) {
    this.#database = database;
    this.#sql = statements(database);
  }

  add({ id, question, overrides, idempotent }: NewTask): Task {
    const bytes = Buffer.byteLength(question);
    const given = JSON.stringify(overrides);
    return this.#database.writeDurably(() => {
      this.#sql.add.run(id, Number(idempotent), timestampMs(), bytes, given, question);
      return this.find(id) as Task;
    });
  }

  find(id: string): Task | undefined {
    return taskOf(this.#sql.byId.get(id) as Row | undefined);
  }

  /** The oldest that waits and came after that. */
  nextQueued(after: number): Task | undefined {
    return taskOf(this.#sql.nextQueued.get(after) as Row | undefined);
  }

  /** The newest first, of questions the beginning only. */
  list(before: number, state: TaskState | undefined, limit: number): Task[] {
    const rows = this.#sql.list.all(before, state ?? null, state ?? null, limit) as Row[];
    return rows.map((row) => taskOf(row) as Task);
  }

  count(state: TaskState): number {
    return Number(this.#sql.count.get(state)?.n);
  }

  stateOf(seq: number): TaskState | undefined {
    return this.#sql.state.get(seq)?.state as TaskState | undefined;
  }

  event(seq: number, id: number): Buffer | undefined {
    const json = this.#sql.event.get(seq, id)?.json as Uint8Array | undefined;
    return json && Buffer.from(json.buffer, json.byteOffset, json.byteLength);
  }

  /** On the disk before the agent is told: it is never begun twice without being asked to. */
  begin(seq: number): void {
    this.#database.writeDurably(() => this.#sql.begin.run(timestampMs(), seq));
  }

  append(seq: number, events: readonly Buffer[]): void {
    this.#database.write(() => this.#append(seq, events));
  }

  /** Its last events, what it ended as, and the event that says so. */
  end(task: Task, state: EndState, events: readonly Buffer[] = [], error?: Failure): void {
    const own = (event: Record<string, unknown>) =>
      eventJson({ ...event, session_id: task.id, timestamp: new Date().toISOString() });
    const completed = { type: "completed", content: "the task has ended", status: state };
    const last = error === undefined ? [] : [own({ type: "error", ...error })];
    this.#database.writeDurably(() => {
      this.#append(task.seq, [...events, ...last, own(completed)]);
      this.#sql.end.run(state, timestampMs(), error ? JSON.stringify(error) : null, task.seq);
    });
  }

  /** Back into the queue, with the events that it has. */
  requeue(seq: number, events: readonly Buffer[] = []): void {
    this.#database.writeDurably(() => {
      this.#append(seq, events);
      this.#sql.requeue.run(seq);
    });
  }

  /** Settles what was cut off when the server ended; gives the tasks that were. */
  recover(): Task[] {
    const cut = (this.#sql.running.all() as Row[]).map((row) => taskOf(row) as Task);
    for (const task of cut) {
      if (mayRunAgain(task)) this.requeue(task.seq);
      else this.end(task, "interrupted", [], interruption(task));
    }
    return cut.map(({ id }) => this.find(id) as Task);
  }

  #append(seq: number, events: readonly Buffer[]): void {
    if (events.length === 0) return;
    const last = Number(this.#sql.events.get(seq)?.events);
    let bytes = 0;
    for (const [place, json] of events.entries()) {
      this.#sql.append.run(seq, last + 1 + place, json);
      bytes += json.length;
    }
    this.#sql.grow.run(events.length, bytes, seq);
  }
}

function statements({ sql }: TaskDatabase) {
  const columns =
    "seq, id, state, idempotent, attempts, created_ms, started_ms, ended_ms, events, bytes, error, overrides";
  return {
    add: sql.prepare(
      "INSERT INTO tasks (id, state, idempotent, created_ms, bytes, overrides, question) VALUES (?, 'queued', ?, ?, ?, ?, ?)",
    ),
    byId: sql.prepare(`SELECT ${columns}, question FROM tasks WHERE id = ?`),
    nextQueued: sql.prepare(
      `SELECT ${columns}, question FROM tasks WHERE state = 'queued' AND seq > ? ORDER BY seq LIMIT 1`,
    ),
    running: sql.prepare(
      `SELECT ${columns}, '' AS question FROM tasks WHERE state = 'running' ORDER BY seq`,
    ),
    list: sql.prepare(
      `SELECT ${columns}, substr(question, 1, 1001) AS question FROM tasks
       WHERE seq < ? AND id IS NOT NULL AND (? IS NULL OR state = ?) ORDER BY seq DESC LIMIT ?`,
    ),
    count: sql.prepare("SELECT count(*) AS n FROM tasks WHERE state = ?"),
    state: sql.prepare("SELECT state FROM tasks WHERE seq = ? AND id IS NOT NULL"),
    event: sql.prepare("SELECT json FROM events WHERE task = ? AND id = ?"),
    events: sql.prepare("SELECT events FROM tasks WHERE seq = ?"),
    begin: sql.prepare(
      "UPDATE tasks SET state = 'running', attempts = attempts + 1, started_ms = ? WHERE seq = ?",
    ),
    append: sql.prepare("INSERT INTO events (task, id, json) VALUES (?, ?, ?)"),
    grow: sql.prepare("UPDATE tasks SET events = events + ?, bytes = bytes + ? WHERE seq = ?"),
    end: sql.prepare("UPDATE tasks SET state = ?, ended_ms = ?, error = ? WHERE seq = ?"),
    requeue: sql.prepare("UPDATE tasks SET state = 'queued' WHERE seq = ?"),
  };
}

function taskOf(row: Row | undefined): Task | undefined {
  if (row === undefined) return undefined;
  const time = (value: number | string | null | undefined) =>
    value === null ? undefined : Number(value);
  return {
    ...{ seq: Number(row.seq), id: String(row.id), state: row.state as TaskState },
    ...{ question: String(row.question), overrides: JSON.parse(String(row.overrides)) },
    ...{ idempotent: row.idempotent === 1, attempts: Number(row.attempts) },
    ...{ createdMs: Number(row.created_ms), startedMs: time(row.started_ms) },
    ...{ endedMs: time(row.ended_ms), events: Number(row.events), bytes: Number(row.bytes) },
    error: row.error === null ? undefined : JSON.parse(String(row.error)),
  };
}
