export { TrError, type TrErrorCode } from "@tr/session";
export type { Lease } from "./lease.js";
export type { PoolOptions, RecycleOptions, WorkerOptions } from "./options.js";
export {
  type AcquireOptions,
  Pool,
  type PoolCallOptions,
  type PoolEvents,
  type PoolStreamOptions,
} from "./pool.js";
export type { WorkerStatus } from "./pool-worker.js";
export type { PoolStats, WorkerStats } from "./stats.js";
