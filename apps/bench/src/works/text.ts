import { quantile } from "../quantile.js";
import type { Work } from "../work.js";
import { echoChecked, startPeer } from "./open-peer.js";

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
  async begin(kind, place, quick) {
    const peer = await startPeer(kind, place);
    const calls = quick ? 400 : 3000;
    return {
      async round() {
        const timesUs: number[] = [];
        const begun = performance.now();
        for (let call = 0; call < calls; call++) {
          const started = performance.now();
          await echoChecked(peer, call);
          timesUs.push((performance.now() - started) * 1000);
        }
        const rate = calls / ((performance.now() - begun) / 1000);
        return { figures: { p50: quantile(timesUs, 0.5), p99: quantile(timesUs, 0.99), rate } };
      },
      end: () => peer.stop(),
    };
  },
};
