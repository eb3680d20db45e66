import type { Peer } from "../peer.js";
import type { Work } from "../work.js";
import { echoChecked, startPeer } from "./open-peer.js";

/** Eight workers of one program at once, and one of them alone. Four with `--quick`: most of its time is their start. */
export const sessions: Work = {
  name: "8-sessions",
  title: "8 workers at once (4 with --quick), texts of 50 bytes",
  metrics: [
    { key: "rate", title: "together", unit: "calls/s", better: "higher" },
    { key: "alone", title: "one alone", unit: "calls/s", better: "higher" },
    { key: "gain", title: "gain", unit: "×", better: "higher" },
  ],
  warmsUp: true,
  onceIfQuick: true,
  skips: (kind) => ("isSingle" in kind && kind.isSingle ? "one worker per program" : undefined),
  async begin({ kind, place, quick, peer }) {
    const further = quick ? 3 : 7;
    const others = await Promise.all(Array.from({ length: further }, () => startPeer(kind, place)));
    const peers = [await peer(), ...others];
    const ms = quick ? 60 : 500;
    const rateOf = async (some: readonly Peer[]) => {
      const started = performance.now();
      let calls = 0;
      const work = async (peer: Peer) => {
        for (let call = 0; performance.now() - started < ms; call++) {
          await echoChecked(peer, call);
          calls++;
        }
      };
      await Promise.all(some.map(work));
      return calls / ((performance.now() - started) / 1000);
    };
    return {
      async round() {
        const [alone, rate] = [await rateOf(peers.slice(0, 1)), await rateOf(peers)];
        return { figures: { rate, alone, gain: rate / alone } };
      },
      async end() {
        await Promise.all(others.map((other) => other.stop()));
      },
    };
  },
};
