import type { Status } from "./parse-status.js";
import type { WorkerInfo } from "./worker-info.js";

/** Words that a worker writes. A `ready` that the host itself has written must not be shown here. */
const workerWords: ReadonlySet<string> = new Set([
  "ready",
  "running",
  "busy",
  "ok",
  "done",
  "error",
  "exiting",
  "terminated",
]);

/**
 * What the worker speaks; undefined while nothing shows it. A worker of level 2 writes
 * `worker.json` before its first status word: read the status first and `worker.json` after it, or
 * a worker that starts between the two looks is taken for level 1.
 */
export function negotiateLevel(seen: {
  status: Status | undefined;
  workerInfo: WorkerInfo | undefined;
}): { level: 2; workerInfo: WorkerInfo } | { level: 1 } | undefined {
  if (seen.workerInfo !== undefined) return { level: 2, workerInfo: seen.workerInfo };
  if (seen.status !== undefined && workerWords.has(seen.status.word)) return { level: 1 };
  return undefined;
}
