import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { processExists, script, until } from "./scripts.js";

export const situations = [
  "importing",
  "idle",
  "computing",
  "holding-the-lock",
  "child",
  "wrapped",
] as const;

/** Between the interpreter and the host, as `uv run` and pyenv's shims are: the host is not the parent. */
const wrapper = ["/bin/sh", "-c", '"$@"; exit $?', "sh", process.env.TR_PYTHON || "python3"];

/**
 * Kills a host with SIGKILL while its worker is in a situation.
 *
 * @returns how long the last of the worker's processes lived on, in ms.
 */
export async function killHost(situation: (typeof situations)[number]): Promise<number> {
  const workspace = mkdtempSync(join(tmpdir(), "tr-doomed-"));
  try {
    const program = fileURLToPath(new URL("host.mjs", import.meta.url));
    const python = situation === "wrapped" ? wrapper : [];
    const host = execa(
      process.execPath,
      [program, script("doomed.py"), workspace, situation, ...python],
      { reject: false, buffer: false, stdin: "ignore", stderr: "inherit" },
    );
    const [line] = await once(createInterface({ input: host.stdout }), "line");
    const { pids, directory } = JSON.parse(line) as { pids: number[]; directory: string };
    const killed = performance.now();
    host.kill("SIGKILL");
    await until(() => !pids.some(processExists), 20_000);
    const elapsedMs = performance.now() - killed;
    await until(() => !existsSync(directory)); // the reaper's last act
    await host;
    return elapsedMs;
  } finally {
    rmSync(workspace, { recursive: true, force: true });
  }
}
