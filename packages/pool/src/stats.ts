import type { PoolWorker, WorkerStatus } from "./pool-worker.js";

export interface WorkerStats {
  readonly status: WorkerStatus;
  /** `undefined` while no process runs. */
  readonly pid: number | undefined;
  /** Calls and streams under way. */
  readonly inFlight: number;
  /** Whether somebody has it to themselves. */
  readonly leased: boolean;
  /** Calls and streams since it started. */
  readonly calls: number;
  /** Starts after a crash. */
  readonly restarts: number;
  /** False: its process is there and has given no sign of life for three seconds. */
  readonly responsive: boolean;
  /** Resident memory by its last sign of life, in bytes, where the platform tells. */
  readonly rssBytes: number | undefined;
}

export interface PoolStats {
  readonly size: number;
  /** Workers that are ready and have nothing to do. */
  readonly idle: number;
  /** Workers with calls under way, or leased. */
  readonly busy: number;
  /** Callers that wait for a worker. */
  readonly queued: number;
  /** Starts after a crash, and of fresh workers for worn-out ones. */
  readonly restarts: number;
  readonly perWorker: readonly WorkerStats[];
}

export function poolStats(
  workers: readonly PoolWorker[],
  queued: number,
  recycled: number,
): PoolStats {
  const perWorker = workers.map((worker) => {
    const { status, info, inFlight, isLeased: leased, calls, restarts, rssBytes } = worker;
    const responsive = worker.isResponsive;
    return { status, pid: info?.pid, inFlight, leased, calls, restarts, responsive, rssBytes };
  });
  return {
    size: workers.length,
    idle: workers.filter(({ isIdle }) => isIdle).length,
    busy: workers.filter(({ occupied }) => occupied > 0).length,
    queued,
    restarts: recycled + perWorker.reduce((sum, { restarts }) => sum + restarts, 0),
    perWorker,
  };
}
