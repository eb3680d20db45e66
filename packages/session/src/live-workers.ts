import { rmSync } from "node:fs";
import { killGroup } from "./process-group.js";
import { Reaper } from "./reaper.js";

const directories = new Map<number, string | undefined>();
const reaper = new Reaper();

/** When this program ends with sessions still open, their processes and directories go with it. */
function endAll(): void {
  for (const [pid, directory] of directories) {
    killGroup(pid, "SIGKILL");
    if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
  }
}

/** The workers of this program that still run, by pid. They do not outlive it, however it ends. */
export const liveWorkers = {
  add(pid: number, directory?: string): void {
    if (directories.size === 0) process.on("exit", endAll);
    directories.set(pid, directory);
    reaper.add(pid, directory);
  },
  remove(pid: number): void {
    directories.delete(pid);
    if (directories.size === 0) process.off("exit", endAll);
    reaper.remove(pid);
  },
};
