export { TrError, type TrErrorCode } from "@tr/session";
export type {
  AcquireOptions,
  CloseOptions,
  PoolCallOptions,
  PoolEvents,
  PoolStreamOptions,
} from "./call-options.js";
export { CrashLimit } from "./crash-limit.js";
export type { Lease } from "./lease.js";
export type { PoolOptions, RecycleOptions, WorkerOptions } from "./options.js";
export { Pool } from "./pool.js";
export type { WorkerStatus } from "./pool-worker.js";
export type { PoolStats, WorkerStats } from "./stats.js";
