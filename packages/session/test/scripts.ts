import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach } from "vitest";
import type { SessionOptions, Spawn, Transport } from "../src/options.js";
import { PythonSession } from "../src/python-session.js";

const testTransport = process.env.TR_TEST_TRANSPORT as Transport | undefined;
const testSpawn = process.env.TR_TEST_SPAWN as Spawn | undefined;
/** How the tests' sessions carry their messages and get their workers: the same tests run once for each way. */
export const transport: SessionOptions = {
  ...(testTransport && { transport: testTransport }),
  ...(testSpawn && { spawn: testSpawn }),
};

// As on a machine without the native part: this process, and the programs that a test runs.
if (process.env.TR_TEST_MAPPED === "off") {
  const url = new URL("without-koffi.mjs", import.meta.url).href;
  await import(/* @vite-ignore */ url);
  process.env.NODE_OPTIONS = `--import=${url}`;
}
/** Whether the tests' sessions are as those of users are. */
export const isDefault: boolean =
  testTransport === undefined && process.env.TR_TEST_MAPPED !== "off";
/** What a session of the tests comes to. */
export const isMapped: boolean =
  process.platform === "linux" && process.env.TR_TEST_MAPPED !== "off";

/** The path of a script beside this file. */
export function script(name: string): string {
  return fileURLToPath(new URL(`scripts/${name}`, import.meta.url));
}

/** The path of a script as existing users wrote it. */
export function sample(name: string): string {
  return fileURLToPath(new URL(`../../../fixtures/samples/${name}`, import.meta.url));
}

/**
 * Sessions in a workspace of the test's own, closed at its end; then nothing may be left in it.
 * Call it in a describe block or at the top of a test file.
 */
export function useSessions() {
  const open: PythonSession[] = [];
  const context = {
    workspace: "",
    /** A new session that runs `commands.py` unless told otherwise. */
    make(options: SessionOptions = {}): PythonSession {
      const session = new PythonSession({
        script: script("commands.py"),
        workspace: context.workspace,
        quiet: true,
        ...transport,
        ...options,
      });
      open.push(session);
      return session;
    },
    async started(options: SessionOptions = {}): Promise<PythonSession> {
      const session = context.make(options);
      await session.start();
      return session;
    },
    remove(name: string): void {
      rmSync(join(context.workspace, name), { recursive: true, force: true });
    },
    /** Everything in the session directories of this test. */
    files(): string[] {
      return readdirSync(context.workspace, { recursive: true, encoding: "utf8" });
    },
  };
  beforeEach(() => {
    context.workspace = mkdtempSync(join(tmpdir(), "tr-session-test-"));
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((session) => session.close()));
    const left = context.files().filter((path) => /tr_session_/.test(path));
    rmSync(context.workspace, { recursive: true, force: true });
    if (left.length > 0) throw new Error(`left behind: ${left.join(", ")}`);
  });
  return context;
}

/** One session for all tests of a file: most of a test's time is Python's start and numpy's import. */
export function useSharedSession(options: SessionOptions = {}): PythonSession {
  const session = new PythonSession({
    script: script("commands.py"),
    quiet: true,
    ...transport,
    ...options,
  });
  beforeAll(() => session.start(), 30_000);
  afterAll(() => session.close());
  return session;
}

/** A zombie does not count: it has ended, and an orphan waits for an init that may take its time. */
export function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  if (process.platform !== "linux") return true;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat[stat.lastIndexOf(")") + 2] !== "Z";
  } catch {
    return false; // it ended between the two looks
  }
}

/** Resolves when `condition` holds; it is looked at every few ms because a process's end gives no event to others than its parent. */
export async function until(condition: () => boolean, timeoutMs = 5000): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`not within ${timeoutMs} ms: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** The value that `percent` of them do not exceed; 100: the largest. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? 0;
}
