import { quantile } from "../quantile.js";
import type { Work } from "../work.js";

/** Our tensor files without any process. */
export const codec: Work = {
  name: "codec",
  title: "TSR: 64 MiB of float32, in Node alone",
  metrics: [{ key: "p50", title: "p50", unit: "ms", better: "lower" }],
  warmsUp: true,
  onceIfQuick: true,
  takes: ({ group }) => group === "codec",
  skips: () => undefined,
  async begin({ kind, place, quick }) {
    if (kind.group !== "codec") throw new Error(`${kind.name} is no codec`);
    const timed = kind.open(place);
    await timed.start();
    return {
      async round() {
        return { figures: { p50: quantile(await timed.timeMs(2 ** 24, quick ? 3 : 9), 0.5) } };
      },
      end: () => timed.stop(),
    };
  },
};
