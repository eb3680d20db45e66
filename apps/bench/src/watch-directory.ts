import { once } from "node:events";
import { Worker } from "node:worker_threads";

/** Watches how much lies in a directory, from a thread of its own. Returns how to stop: it says the peak in MiB. */
export async function startWatching(directory: string): Promise<() => Promise<number>> {
  const stop = new Int32Array(new SharedArrayBuffer(4));
  const file = new URL("../dist/directory-watcher.js", import.meta.url);
  const thread = new Worker(file, { workerData: { directory, stop } });
  await once(thread, "message"); // it has begun
  return async () => {
    const said = once(thread, "message");
    Atomics.store(stop, 0, 1);
    Atomics.notify(stop, 0);
    const [peakBytes] = await said;
    return peakBytes / 2 ** 20;
  };
}
