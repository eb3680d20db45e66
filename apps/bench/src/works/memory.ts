import { descendants, forgetPeak, memoryMiB } from "../processes.js";
import { startWatching } from "../watch-directory.js";
import { needsProc, type Work } from "../work.js";
import { textIsSlow } from "./square.js";
import { Squares } from "./squares.js";

/**
 * What a call with 64 MiB takes above what was there with the input in place. Files in a memory file
 * system are memory that no process is charged for until it maps them: counted on their own, and a file
 * that a process maps is then counted twice.
 */
export const memory: Work = {
  name: "memory",
  title: "Peak memory at 64 MiB, above the input",
  metrics: [
    { key: "sum", title: "all", unit: "MiB", better: "lower" },
    { key: "host", title: "host", unit: "MiB", better: "lower" },
    { key: "worker", title: "worker", unit: "MiB", better: "lower" },
    { key: "files", title: "files", unit: "MiB", better: "lower" },
  ],
  warmsUp: false,
  once: true,
  skips: (kind, quick) =>
    needsProc() ?? (quick && "isText" in kind && kind.isText ? textIsSlow : undefined),
  isFresh: true,
  async begin(seat) {
    const peer = await seat.peer();
    const squares = new Squares(peer, 2 ** 24);
    const { directory } = peer;
    const stopWatching = directory === undefined ? undefined : await startWatching(directory);
    return {
      async round() {
        const workers = descendants(process.pid);
        const all = [process.pid, ...workers];
        const before = new Map(all.map((pid) => [pid, memoryMiB(pid).now]));
        for (const pid of all) forgetPeak(pid);
        // The first call of two is enough where it takes long; garbage shows with the second.
        const slow = 5000 < (await squares.timeMs());
        if (!slow) await squares.timeMs();
        const grown = (pid: number) => memoryMiB(pid).peak - (before.get(pid) ?? 0);
        const host = grown(process.pid);
        const worker = workers.reduce((sum, pid) => sum + grown(pid), 0);
        const files = (await stopWatching?.()) ?? 0;
        return { figures: { sum: host + worker + files, host, worker, files } };
      },
    };
  },
};
