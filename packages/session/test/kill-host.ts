import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import type { Spawn } from "../src/options.js";
import { randomNumbers, seed } from "./campaign.js";
import { processExists, script, until } from "./scripts.js";

export const situations = [
  "importing",
  "idle",
  "computing",
  "holding-the-lock",
  "importing-torch",
  "child",
  "wrapped",
  "uv-run",
] as const;

const random = randomNumbers(seed);
const interpreter = process.env.TR_PYTHON || "python3";

/** Commands that stand between the interpreter and the host: the host is not its parent then. */
const wrappers: Partial<Record<(typeof situations)[number], string[]>> = {
  wrapped: ["/bin/sh", "-c", '"$@"; exit $?', "sh", interpreter],
  "uv-run": ["uv", "run", "--no-project", "--python", interpreter, "python"],
};

/** Why a situation cannot be had on this machine. */
export function missingFor(situation: (typeof situations)[number]): string | undefined {
  const has = (file: string, ...args: string[]) =>
    spawnSync(file, args, { stdio: "ignore" }).status === 0;
  if (situation === "uv-run" && !has("uv", "--version")) return "uv";
  if (
    situation === "importing-torch" &&
    !has(interpreter, "-c", 'import importlib.util as u, sys; sys.exit(not u.find_spec("torch"))')
  ) {
    return "torch";
  }
  return undefined;
}

/**
 * Kills a host with SIGKILL while its worker is in a situation.
 *
 * @returns how long the last of the worker's processes lived on, in ms.
 */
export async function killHost(
  situation: (typeof situations)[number],
  spawn: Spawn = "process",
): Promise<number> {
  const workspace = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "tr-doomed-"));
  try {
    const program = fileURLToPath(new URL("host.mjs", import.meta.url));
    const python = wrappers[situation] ?? [];
    const host = execa(
      process.execPath,
      [program, script("doomed.py"), workspace, situation, ...python],
      {
        ...{ reject: false, buffer: false, stdin: "ignore", stderr: "inherit" },
        env: { TR_TEST_SPAWN: spawn },
      },
    );
    const [line] = await once(createInterface({ input: host.stdout }), "line");
    const { pids, directory } = JSON.parse(line) as { pids: number[]; directory?: string };
    // Anywhere in an import that takes about two seconds.
    if (situation === "importing-torch") await sleep(random() * 1500);
    const killed = performance.now();
    host.kill("SIGKILL");
    await until(() => !pids.some(processExists), 20_000);
    const elapsedMs = performance.now() - killed;
    // The reaper's last act. One that is to be forked has none before its script is imported.
    if (directory !== undefined) await until(() => !existsSync(directory));
    await host;
    return elapsedMs;
  } finally {
    rmSync(workspace, { recursive: true, force: true });
  }
}
