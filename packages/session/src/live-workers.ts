import { rmSync } from "node:fs";
import { killGroup } from "./process-group.js";

interface LiveWorker {
  readonly pid: number;
  readonly directory: string;
}

const workers = new Map<number, LiveWorker>();

/** When this program ends with sessions still open, their processes and directories go with it. */
function endAll(): void {
  for (const { pid, directory } of workers.values()) {
    killGroup(pid, "SIGKILL");
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The workers of this program that still run. */
export const liveWorkers = {
  add(worker: LiveWorker): void {
    if (workers.size === 0) process.on("exit", endAll);
    workers.set(worker.pid, worker);
  },
  remove(pid: number): void {
    workers.delete(pid);
    if (workers.size === 0) process.off("exit", endAll);
  },
};
