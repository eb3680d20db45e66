import { quantile } from "../quantile.js";
import type { Work } from "../work.js";
import { echoChecked } from "./open-peer.js";

/** Upper bounds in ms; one more bucket is for what is above the last. */
export const buckets: readonly number[] = [1.25, 1.5, 2, 3, 5, 10, 20, 50, 100, 1000];

/** What the rest of a program notices while calls follow each other without a pause. */
export const timer: Work = {
  name: "timer",
  title: "A timer of 1 ms under continuous text calls: from one firing to the next",
  metrics: [
    { key: "p999", title: "p99.9", unit: "ms", better: "lower" },
    { key: "p99", title: "p99", unit: "ms", better: "lower" },
    { key: "p50", title: "p50", unit: "ms", better: "lower" },
    { key: "max", title: "longest", unit: "ms", better: "lower" },
  ],
  warmsUp: false,
  onceIfQuick: true,
  skips: () => undefined,
  async begin(seat) {
    const peer = await seat.peer();
    const lastsMs = seat.quick ? 400 : 3000;
    return {
      async round() {
        const gapsMs: number[] = [];
        const begun = performance.now();
        let last = begun;
        let timer: NodeJS.Timeout | undefined;
        const arm = () => {
          timer = setTimeout(() => {
            const now = performance.now();
            gapsMs.push(now - last);
            last = now;
            arm();
          }, 1);
        };
        arm();
        for (let call = 0; performance.now() - begun < lastsMs; call++) {
          await echoChecked(peer, call);
        }
        clearTimeout(timer);
        gapsMs.push(performance.now() - last); // a timer that never fired is late as well
        const figures = {
          p999: quantile(gapsMs, 0.999),
          p99: quantile(gapsMs, 0.99),
          p50: quantile(gapsMs, 0.5),
          max: quantile(gapsMs, 1),
        };
        return { figures, histogram: histogramOf(gapsMs) };
      },
    };
  },
};

export function histogramOf(gapsMs: readonly number[]): number[] {
  const counts = Array.from({ length: buckets.length + 1 }, () => 0);
  for (const gap of gapsMs) {
    const found = buckets.findIndex((bound) => gap <= bound);
    const at = found === -1 ? buckets.length : found;
    counts[at] = (counts[at] ?? 0) + 1;
  }
  return counts;
}
