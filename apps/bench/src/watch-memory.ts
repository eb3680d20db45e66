import { once } from "node:events";
import { Worker } from "node:worker_threads";

/** By how much memory that processes share has grown. */
export interface SharedMiB {
  /** Every page once: of files in the directory, and of what has no name (any more) and is mapped. */
  readonly once: number;
  /** As the processes' resident memory counts it: once for each that maps it. */
  readonly mapped: number;
}

/** Watches from a thread of its own. Returns how to stop. */
export async function watchShared(
  pids: readonly number[],
  directory: string | undefined,
): Promise<() => Promise<SharedMiB>> {
  const stop = new Int32Array(new SharedArrayBuffer(4));
  const file = new URL("../dist/memory-watcher.js", import.meta.url);
  const thread = new Worker(file, {
    workerData: { directory, pids, stop },
    resourceLimits: { maxYoungGenerationSizeMb: 1 }, // its garbage counts as the host's
  });
  await once(thread, "message"); // it has begun
  return async () => {
    const said = once(thread, "message");
    Atomics.store(stop, 0, 1);
    Atomics.notify(stop, 0);
    const [grown] = await said;
    return grown;
  };
}
