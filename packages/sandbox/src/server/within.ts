import { setTimeout as sleep } from "node:timers/promises";

/** The longest that a timer can be set to, in ms. */
export const longestMs = 2 ** 31 - 1;

/** What the promise stands for goes on; `undefined`: it took longer. @throws the signal's reason. */
export async function within<T>(
  promise: Promise<T>,
  limitMs: number,
  signal?: AbortSignal,
): Promise<T | undefined> {
  const done = new AbortController();
  promise.catch(() => undefined); // a failure after the limit is nobody's here; one before it is thrown below
  const stop = signal ? AbortSignal.any([done.signal, signal]) : done.signal;
  try {
    return await Promise.race([
      promise,
      sleep(limitMs, undefined, { ref: false, signal: stop }).catch((error) => {
        if (signal?.aborted) throw signal.reason;
        throw error;
      }),
    ]);
  } finally {
    done.abort();
  }
}
