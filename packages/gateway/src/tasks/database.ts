import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { TrError } from "@tr/pool";

/** One more with every change of the tables. */
const schemaVersion = 1;

// The question stands last: a row is read from its beginning, and large values lie on pages of their own.
const tables = `
  CREATE TABLE tasks (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT UNIQUE,
    state TEXT NOT NULL,
    idempotent INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    created_ms INTEGER NOT NULL,
    started_ms INTEGER,
    ended_ms INTEGER,
    events INTEGER NOT NULL DEFAULT 0,
    bytes INTEGER NOT NULL,
    error TEXT,
    overrides TEXT NOT NULL,
    question TEXT NOT NULL
  ) STRICT;
  CREATE INDEX tasks_by_state ON tasks (state, seq);
  CREATE INDEX tasks_ended ON tasks (ended_ms, bytes) WHERE ended_ms IS NOT NULL;
  CREATE TABLE events (
    task INTEGER NOT NULL,
    id INTEGER NOT NULL,
    json BLOB NOT NULL,
    PRIMARY KEY (task, id)
  ) STRICT, WITHOUT ROWID;
  PRAGMA user_version = ${schemaVersion};
`;

/** The file, for this process alone. */
export class TaskDatabase {
  readonly sql: DatabaseSync;

  /** @throws TrError `TR_INVALID_ARGUMENT` when another process has it, or it is none of ours */
  constructor(dataDir: string) {
    const file = join(dataDir, "tasks.sqlite");
    ownFile(dataDir, file);
    // Loaded here, for Node 22 warns of it, and who has no tasks has no use for it.
    const { DatabaseSync } = process.getBuiltinModule("node:sqlite");
    this.sql = new DatabaseSync(file);
    try {
      // Held by one connection, the log needs no memory that is shared, and what has it is locked until it
      // ends, however that comes: https://sqlite.org/wal.html#use_of_wal_without_shared_memory
      this.sql.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL");
      this.sql.exec(`PRAGMA synchronous = NORMAL; PRAGMA journal_size_limit = ${16 * 2 ** 20}`);
      this.#prepareTables(file);
    } catch (cause) {
      this.sql.close();
      throw refusal(file, cause);
    }
  }

  /** In one transaction. What is written survives the end of the process; the loss of power only after {@link writeDurably}. */
  write<T>(work: () => T): T {
    this.sql.exec("BEGIN IMMEDIATE");
    try {
      const result = work();
      this.sql.exec("COMMIT");
      return result;
    } catch (error) {
      if (this.sql.isTransaction) this.sql.exec("ROLLBACK"); // a full disk has done so already
      throw error;
    }
  }

  /** The same, and it is on the disk, with all that was written before. */
  writeDurably<T>(work: () => T): T {
    this.sql.exec("PRAGMA synchronous = FULL");
    try {
      return this.write(work);
    } finally {
      this.sql.exec("PRAGMA synchronous = NORMAL");
    }
  }

  close(): void {
    this.sql.close();
  }

  #prepareTables(file: string): void {
    this.writeDurably(() => {
      const row = this.sql.prepare("PRAGMA user_version").get();
      const version = Number(row?.user_version);
      if (version === schemaVersion) return;
      if (version !== 0) {
        throw invalid(
          `${file} has the version ${version} of the tables, this gateway knows ${schemaVersion}: use the gateway that has written it, or another folder`,
        );
      }
      this.sql.exec(tables);
    });
  }
}

/** For its owner alone, and so are the files that SQLite puts beside it: they get the same mode. */
function ownFile(dataDir: string, file: string): void {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  try {
    writeFileSync(file, "", { mode: 0o600, flag: "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    // By its name: closing a descriptor of it would end the locks of this process on it.
    // https://sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled_by_a_separate_thread_doing_close_
    chmodSync(file, 0o600);
  }
}

function refusal(file: string, cause: unknown): unknown {
  switch ((cause as { errcode?: number }).errcode) {
    case 5: // SQLITE_BUSY
      return invalid(`another gateway uses ${file}: end it, or choose another folder`, cause);
    case 26: // SQLITE_NOTADB
      return invalid(`${file} is no database: choose another folder, or remove it`, cause);
    default:
      return cause;
  }
}

function invalid(message: string, cause?: unknown): TrError {
  return new TrError("TR_INVALID_ARGUMENT", `option tasks.dataDir: ${message}`, { cause });
}
