import { setTimeout as sleep } from "node:timers/promises";
import { errnoOf } from "./translate-error.js";

// Windows refuses to rename, open or delete a file that another program (a virus scanner, an
// indexer, the other side) has open at that moment, and allows it a little later. graceful-fs
// retries for 60 s for the same reason; a message cannot wait that long.
const transient = new Set(["EPERM", "EACCES", "EBUSY"]);
const pauses = [1, 2, 4, 8, 16, 32, 64, 128, 256];

const retries = (attempt: number, error: unknown, platform: string): number | undefined =>
  platform === "win32" && transient.has(errnoOf(error) ?? "") ? pauses[attempt] : undefined;

/** Runs `action`; on Windows again, for at most half a second, while the file is in another's hands. */
export function retrySharing<T>(action: () => T, platform: string = process.platform): T {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return action();
    } catch (error) {
      const pause = retries(attempt, error, platform);
      if (pause === undefined) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pause);
    }
  }
}

/** The same without blocking. */
export async function retrySharingAsync<T>(
  action: () => Promise<T>,
  platform: string = process.platform,
): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await action();
    } catch (error) {
      const pause = retries(attempt, error, platform);
      if (pause === undefined) throw error;
      await sleep(pause);
    }
  }
}
