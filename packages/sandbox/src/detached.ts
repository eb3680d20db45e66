import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";

import { closeSync, fstatSync, openSync, readdirSync, readSync, rmSync } from "node:fs";
import { join } from "node:path";
import { makePrivateFolder } from "./state-folder.js";

/** How the process ended, or why it could not be started. */
export type End =
  | { readonly error: Error }
  | { readonly exitCode: number | null; readonly signal: NodeJS.Signals | null };

/** A process that goes on when this program ends, with a log of its own. */
export interface Detached {
  readonly logFile: string;
  readonly ended: Promise<End>;
  /** What its log ends with, at most 20 lines of 4 KiB. */
  logTail(): string;
  /** From here on it is on its own: this program may end. */
  letGo(): void;
  /** SIGTERM, and SIGKILL for its group if it has not ended by then. */
  stop(graceMs: number): Promise<void>;
}

const keptLogs = 10;
const tailBytes = 4096;
const tailLines = 20;

/** @throws Error of the system, when there is no place for the log */
export function startDetached(
  [file, ...args]: readonly [string, ...string[]],
  { cwd, env }: { cwd: string; env: NodeJS.ProcessEnv },
): Detached {
  const folder = makePrivateFolder("logs");
  removeOldLogs(folder);
  const timestamp = new Date().toISOString().replaceAll(":", "-");
  const logFile = join(folder, `${timestamp}-${randomUUID().slice(0, 8)}.log`);
  const log = openSync(logFile, "ax", 0o600);
  try {
    // A group of its own: Ctrl-C in this program's terminal, or the end of that, is none of its concern.
    const child = spawn(file, args, {
      ...{ cwd, env, detached: true, windowsHide: true },
      stdio: ["ignore", log, log],
    });
    return { ...handleOf(child), logFile, logTail: () => readTail(logFile) };
  } finally {
    closeSync(log);
  }
}

function handleOf(child: ChildProcess) {
  const ended = new Promise<End>((resolve) => {
    child.once("error", (error) => resolve({ error }));
    child.once("exit", (exitCode, signal) => resolve({ exitCode, signal }));
  });
  return {
    ended,
    letGo: () => child.unref(),
    async stop(graceMs: number) {
      if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGTERM");
      const timer = setTimeout(() => killGroup(child), graceMs);
      await ended;
      clearTimeout(timer);
    },
  };
}

function killGroup(child: ChildProcess): void {
  try {
    if (process.platform === "win32") child.kill("SIGKILL");
    else process.kill(-(child.pid as number), "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

function readTail(file: string): string {
  const descriptor = openSync(file, "r");
  try {
    const { size } = fstatSync(descriptor);
    const bytes = Buffer.alloc(Math.min(size, tailBytes));
    const count = readSync(descriptor, bytes, 0, bytes.length, size - bytes.length);
    const lines = bytes.toString("utf8", 0, count).trimEnd().split(/\r?\n/);
    return lines.slice(-tailLines).join("\n");
  } finally {
    closeSync(descriptor);
  }
}

function removeOldLogs(folder: string): void {
  const logs = readdirSync(folder)
    .filter((name) => name.endsWith(".log"))
    .sort();
  for (const name of logs.slice(0, 1 - keptLogs)) {
    try {
      rmSync(join(folder, name), { force: true });
    } catch {
      // Windows keeps what a process has open; the next start tries again.
    }
  }
}
