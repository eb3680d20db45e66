import { spawn, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const cwd = fileURLToPath(new URL("..", import.meta.url)); // where "@tr/file-channel" finds itself

/**
 * No program outlives its test, whatever goes wrong in it: one that waits ends by its own timer, one
 * that loops by the limit on its processor time, also where the test's process is gone before it, and
 * where the program's parent is strace, whose death would set it free.
 */
const limitSeconds = 40; // 30,000 writes, which take 4 s alone, have taken 20 on a busy machine
const limited =
  process.platform === "win32" ? [] : ["sh", "-c", `ulimit -t ${limitSeconds}; exec "$@"`, "sh"];

export interface Outcome {
  status: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
}

/** How a test program is started: it gets `channel` on its first argument, and `fs`. */
export function programArguments(source: string, directory: string): string[] {
  const imports = `import * as fs from "node:fs";
    import { openFileChannel } from "@tr/file-channel";
    setTimeout(() => process.exit(99), ${limitSeconds * 1000}).unref();
    const [directory] = process.argv.slice(-1);
    const channel = openFileChannel(directory);`;
  return ["--input-type=module", "--eval", `${imports}\n${source}`, directory];
}

/** Runs a program in a process of its own; `wrapper` is what runs node (strace, a shell with a limit). */
export function runProgram(
  source: string,
  directory: string,
  wrapper: readonly string[] = [],
): Promise<Outcome> {
  const [file = "", ...args] = [
    ...limited,
    ...wrapper,
    process.execPath,
    ...programArguments(source, directory),
  ];
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd, stdio: ["ignore", "pipe", "pipe"] });
    const outcome = { stdout: "", stderr: "" };
    child.stdout.on("data", (data) => {
      outcome.stdout += data;
    });
    child.stderr.on("data", (data) => {
      outcome.stderr += data;
    });
    child.on("error", reject);
    child.on("close", (status, signal) => resolve({ status, signal, ...outcome }));
  });
}

/** The same, with the caller's event loop blocked until it has ended. */
export function runProgramBlocking(source: string, directory: string): void {
  const [file = "", ...args] = [
    ...limited,
    process.execPath,
    ...programArguments(source, directory),
  ];
  const { status, signal, stderr } = spawnSync(file, args, {
    cwd,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`the program ended with ${signal ?? status}: ${stderr}`);
}

export function isInstalled(command: string, ...args: string[]): boolean {
  return spawnSync(command, args, { stdio: "ignore" }).status === 0;
}
