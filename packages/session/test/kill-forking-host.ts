import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { randomNumbers, seed } from "./campaign.js";
import { script, until } from "./scripts.js";

const random = randomNumbers(seed);

/** The processes that a host has started, and those that these have. Linux. */
function processesOf(host: number): string[] {
  return readdirSync("/proc").filter((pid) => {
    try {
      const variables = readFileSync(`/proc/${pid}/environ`, "latin1").split("\0");
      return variables.includes(`TR_HOST_PID=${host}`);
    } catch {
      return false; // no process, a zombie, or somebody else's
    }
  });
}

/**
 * Kills a host with SIGKILL at a random moment while it starts and ends workers of a fork server.
 *
 * @returns how long the last of its processes lived on, in ms.
 */
export async function killForkingHost(): Promise<number> {
  const workspace = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "tr-doomed-"));
  try {
    const program = fileURLToPath(new URL("forking-host.mjs", import.meta.url));
    const args = [program, script("forked.py"), workspace];
    const host = execa(process.execPath, args, { reject: false, buffer: false, stderr: "inherit" });
    const lines = createInterface({ input: host.stdout });
    await once(lines, "line");
    await sleep(random() * 100); // anywhere in several starts and ends
    if (processesOf(host.pid ?? 0).length === 0) throw new Error("the host has no processes");
    const killed = performance.now();
    host.kill("SIGKILL");
    await until(() => processesOf(host.pid ?? 0).length === 0, 20_000);
    const elapsedMs = performance.now() - killed;
    await host;
    return elapsedMs;
  } finally {
    rmSync(workspace, { recursive: true, force: true });
  }
}
