import { setTimeout as sleep } from "node:timers/promises";
import { cpuSeconds, descendants } from "../processes.js";
import { needsProc, type Work } from "../work.js";

/** A peer that was used and now waits: what host and worker take of one core. */
export const idle: Work = {
  name: "idle",
  title: "Idle for 10 s (2 s with --quick), processor time as a share of one core",
  metrics: [
    { key: "sum", title: "both", unit: "%", better: "lower" },
    { key: "host", title: "host", unit: "%", better: "lower" },
    { key: "worker", title: "worker", unit: "%", better: "lower" },
  ],
  warmsUp: false,
  once: true,
  together: "all",
  skips: needsProc,
  async begin(seat) {
    await seat.peer();
    const seconds = seat.quick ? 2 : 10;
    return {
      async round() {
        await sleep(1000); // what the calls have left behind: garbage, spinning, timers that run out
        const pids = descendants(process.pid);
        const used = () => [
          cpuSeconds(process.pid),
          pids.reduce((sum, pid) => sum + cpuSeconds(pid), 0),
        ];
        const [hostBefore = 0, workerBefore = 0] = used();
        await sleep(seconds * 1000);
        const [hostAfter = 0, workerAfter = 0] = used();
        const host = ((hostAfter - hostBefore) / seconds) * 100;
        const worker = ((workerAfter - workerBefore) / seconds) * 100;
        return { figures: { sum: host + worker, host, worker } };
      },
    };
  },
};
