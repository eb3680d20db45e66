import type { Work } from "../work.js";
import { echoChecked, openPeer } from "./open-peer.js";

/** From nothing to the first answer: the interpreter, numpy, the connection. The library is loaded already. */
export const start: Work = {
  name: "start",
  title: "Start to first reply, numpy imported",
  metrics: [{ key: "ms", title: "ms", unit: "ms", better: "lower" }],
  warmsUp: true,
  isFresh: true,
  onceIfQuick: true,
  skips: () => undefined,
  async begin({ kind, place }) {
    return {
      async round() {
        const started = performance.now();
        const peer = openPeer(kind, place);
        await peer.start();
        await echoChecked(peer, 1);
        const ms = performance.now() - started;
        await peer.stop();
        return { figures: { ms } };
      },
    };
  },
};
