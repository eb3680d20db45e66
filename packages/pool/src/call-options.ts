import type { CallOptions, StreamOptions, TrError } from "@tr/session";

export interface AcquireOptions {
  signal?: AbortSignal | undefined;
  /** How long to wait for a worker, in ms. Default: the pool's. */
  acquireTimeoutMs?: number | undefined;
  /** Told at once when none is free, and whenever it changes: how many wait before this one. */
  onPosition?: ((position: number) => void) | undefined;
}

export interface PoolCallOptions extends CallOptions, AcquireOptions {
  /** True: after a crash in the middle the call is made again on another worker, up to twice. Default: false. */
  idempotent?: boolean;
}

export interface CloseOptions {
  /** How long what runs may take, in ms. Default: 10,000. */
  drainMs?: number;
  /** Ends the wait; the pool closes all the same. */
  signal?: AbortSignal | undefined;
}

export interface PoolStreamOptions extends StreamOptions, AcquireOptions {}

export interface PoolEvents {
  /** A line that a script printed. While nobody listens it goes to stderr, unless `quiet`. */
  log: [log: { worker: number; sessionId: string; stream: "stdout" | "stderr"; line: string }];
  /** A worker has crashed; it starts again after `delayMs`. `undefined`: never, for it has crashed too often. */
  crash: [crash: { worker: number; error: TrError; delayMs: number | undefined }];
}
