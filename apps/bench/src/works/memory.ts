import { descendants, forgetPeak, memoryMiB } from "../processes.js";
import { watchShared } from "../watch-memory.js";
import { needsProc, type Work } from "../work.js";
import { textIsSlow } from "./square.js";
import { Squares } from "./squares.js";

/**
 * What two calls with 64 MiB take above what was there with the input in place. The processes' resident
 * memory counts a page that both of them map twice, and a file in a memory file system that nobody maps
 * not at all. `all` is what the machine has to give: private memory and every shared page once.
 */
export const memory: Work = {
  name: "memory",
  title: "Peak memory at 64 MiB, above the input",
  metrics: [
    { key: "all", title: "all", unit: "MiB", better: "lower" },
    { key: "private", title: "private", unit: "MiB", better: "lower" },
    { key: "shared", title: "shared", unit: "MiB", better: "lower" },
    { key: "host", title: "host RSS", unit: "MiB", better: "lower" },
    { key: "worker", title: "worker RSS", unit: "MiB", better: "lower" },
  ],
  warmsUp: false,
  once: true,
  isFresh: true,
  takes: ({ group }) => group === "session" || group === "peer",
  skips: (kind, quick) =>
    needsProc() ?? (quick && "isText" in kind && kind.isText ? textIsSlow : undefined),
  async begin(seat) {
    const peer = await seat.peer();
    const squares = new Squares(peer, 2 ** 24);
    const workers = descendants(process.pid);
    const all = [process.pid, ...workers];
    const stopWatching = await watchShared(all, peer.directory);
    return {
      async round() {
        const before = new Map(all.map((pid) => [pid, memoryMiB(pid).now]));
        for (const pid of all) forgetPeak(pid);
        // The first call of two is enough where it takes long; garbage shows with the second.
        const slow = 5000 < (await squares.timeMs());
        if (!slow) await squares.timeMs();
        const grown = (pid: number) => memoryMiB(pid).peak - (before.get(pid) ?? 0);
        const host = grown(process.pid);
        const worker = workers.reduce((sum, pid) => sum + grown(pid), 0);
        const { once: shared, mapped } = await stopWatching();
        const own = Math.max(0, host + worker - mapped);
        return { figures: { all: own + shared, private: own, shared, host, worker } };
      },
    };
  },
};
