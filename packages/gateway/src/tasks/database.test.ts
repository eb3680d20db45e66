import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { Changes } from "./changes.js";
import { TaskDatabase } from "./database.js";
import { EventWriter } from "./event-writer.js";
import { Retention } from "./retention.js";
import { TaskStore } from "./task-store.js";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tr-tasks-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const newTask = { id: "a", question: "?", overrides: {}, idempotent: true };

it("refuses what is no database, and one of a later version", () => {
  writeFileSync(join(folder, "tasks.sqlite"), "something else ".repeat(1000));
  expect(() => new TaskDatabase(folder)).toThrow(/tasks\.dataDir: .* is no database/);
  rmSync(join(folder, "tasks.sqlite"));
  const database = new TaskDatabase(folder);
  database.sql.exec("PRAGMA user_version = 2");
  database.close();
  expect(() => new TaskDatabase(folder)).toThrow(/version 2 of the tables, this gateway knows 1/);
});

it("only what something follows from waits for the disk", () => {
  const database = new TaskDatabase(folder);
  const mode = () => database.sql.prepare("PRAGMA synchronous").get()?.synchronous;
  expect([database.write(mode), database.writeDurably(mode), database.write(mode)]).toEqual([
    1, 2, 1,
  ]);
  database.close();
});

it("events that follow closely are written together", () => {
  const database = new TaskDatabase(folder);
  const store = new TaskStore(database);
  let transactions = 0;
  const counted = Object.assign(Object.create(store) as TaskStore, {
    append(seq: number, events: readonly Buffer[]) {
      transactions++;
      store.append(seq, events);
    },
  });
  const task = store.add(newTask);
  const limits = { maxEvents: 10_000, maxBytes: 2 ** 20 };
  const writer = new EventWriter(task, counted, new Changes(), limits);
  for (let number = 0; number < 3000; number++) writer.add(Buffer.from(`{"number":${number}}`));
  expect(transactions).toBeLessThan(10);
  store.end(task, "completed", writer.take());
  expect(store.find("a")).toMatchObject({ state: "completed", events: 3001 });
  expect(String(store.event(task.seq, 3000))).toBe('{"number":2999}');
  database.close();
});

it("one that was begun three times is not begun again", () => {
  const database = new TaskDatabase(folder);
  const store = new TaskStore(database);
  const { seq } = store.add(newTask);
  for (const state of ["queued", "queued", "interrupted"]) {
    store.begin(seq);
    expect(store.recover()).toMatchObject([{ state }]);
  }
  expect(store.find("a")?.error?.content).toMatch(/begun 3 times/);
  database.close();
});

it("what is forgotten in the middle of it is removed after a restart", async () => {
  const before = new TaskDatabase(folder);
  const store = new TaskStore(before);
  const task = store.add(newTask);
  store.end(task, "completed", Array(500).fill(Buffer.from("{}")));
  before.sql.exec("UPDATE tasks SET id = NULL, state = 'forgotten', ended_ms = NULL");
  before.close();
  const database = new TaskDatabase(folder);
  await new Retention(database, { keepMs: 1000, keepCount: 5, keepBytes: 1000 }).run();
  const count = (table: string) =>
    database.sql.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.n;
  expect([count("tasks"), count("events")]).toEqual([0, 0]);
  database.close();
});

it("what is too old or too large is forgotten, the oldest first", async () => {
  const database = new TaskDatabase(folder);
  const store = new TaskStore(database);
  for (const id of ["a", "b", "c"]) {
    store.end(store.add({ ...newTask, id }), "completed", [Buffer.alloc(1000)]);
  }
  await new Retention(database, { keepMs: 60_000, keepCount: 5, keepBytes: 2500 }).run();
  expect(["a", "b", "c"].map((id) => store.find(id)?.state)).toEqual([
    undefined,
    "completed",
    "completed",
  ]);
  database.sql.exec("UPDATE tasks SET ended_ms = ended_ms - 100000 WHERE id = 'b'");
  await new Retention(database, { keepMs: 60_000, keepCount: 5, keepBytes: 2500 }).run();
  expect(store.find("b")).toBeUndefined();
  expect(store.find("c")?.state).toBe("completed");
  database.close();
});
