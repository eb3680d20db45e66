import { quantile } from "../quantile.js";
import { takeSample } from "../sample.js";
import type { Work } from "../work.js";
import { echoChecked } from "./open-peer.js";

/** A call and its answer, one after the other. */
export const text: Work = {
  name: "text",
  title: "Text of 50 bytes there and back",
  metrics: [
    { key: "p50", title: "p50", unit: "µs", better: "lower" },
    { key: "p99", title: "p99", unit: "µs", better: "lower" },
    { key: "rate", title: "calls/s", unit: "calls/s", better: "higher" },
  ],
  warmsUp: true,
  skips: () => undefined,
  async begin(seat) {
    const peer = await seat.peer();
    const sample = seat.quick ? { calls: 1500, ms: 150 } : { calls: 5000, ms: 2000 };
    return {
      async round() {
        const timesUs = await takeSample(sample, async (call) => {
          const started = performance.now();
          await echoChecked(peer, call);
          return (performance.now() - started) * 1000;
        });
        const rate = timesUs.length / (timesUs.reduce((sum, us) => sum + us, 0) / 1e6);
        return { figures: { p50: quantile(timesUs, 0.5), p99: quantile(timesUs, 0.99), rate } };
      },
    };
  },
};
