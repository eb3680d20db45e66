import type { AnyKind } from "../peer.js";
import type { Place } from "../place.js";
import { quantile } from "../quantile.js";
import type { Work } from "../work.js";
import { startPeer } from "./open-peer.js";
import { Squares } from "./squares.js";

interface Timed {
  timesMs(calls: number): Promise<number[]>;
  stop(): Promise<void>;
}

async function begin(kind: AnyKind, place: Place, floats: number): Promise<Timed> {
  if (kind.group === "reference") {
    const reference = kind.open(place);
    await reference.start();
    return {
      timesMs: (calls) => reference.timeMs(floats, calls),
      stop: () => reference.stop(),
    };
  }
  const peer = await startPeer(kind, place);
  const squares = new Squares(peer, floats);
  return {
    async timesMs(calls) {
      const timesMs: number[] = [];
      // One call is enough where it takes long: the slowest known takes 44 s.
      while (timesMs.length < calls && !((timesMs.at(-1) ?? 0) > 5000)) {
        timesMs.push(await squares.timeMs());
      }
      return timesMs;
    },
    stop: () => peer.stop(),
  };
}

export const textIsSlow = "its arrays travel as text, which takes seconds; not with --quick";

function square(size: string, bytes: number, calls: number, quickCalls: number): Work {
  return {
    name: size.replace(" ", ""),
    title: `${size} of float32 squared, into an array of the caller's own`,
    metrics: [
      { key: "p50", title: "p50", unit: "ms", better: "lower" },
      { key: "p99", title: "p99", unit: "ms", better: "lower" },
    ],
    warmsUp: true,
    hasReferences: true,
    skips: (kind, quick) =>
      quick && bytes > 2 ** 24 && "isText" in kind && kind.isText ? textIsSlow : undefined,
    async begin(kind, place, quick) {
      const timed = await begin(kind, place, bytes / 4);
      return {
        async round() {
          const times = await timed.timesMs(quick ? quickCalls : calls);
          return { figures: { p50: quantile(times, 0.5), p99: quantile(times, 0.99) } };
        },
        end: () => timed.stop(),
      };
    },
  };
}

export const squares = [
  square("4 KiB", 2 ** 12, 1000, 200),
  square("1 MiB", 2 ** 20, 40, 10),
  square("64 MiB", 2 ** 26, 3, 1),
];

/** What a loop over batches sees: with the time that collecting garbage takes. */
export const sequence: Work = {
  name: "200x1MiB",
  title: "200 × 1 MiB (20 with --quick) of float32 squared, one after the other",
  metrics: [{ key: "mean", title: "mean", unit: "ms", better: "lower" }],
  warmsUp: false,
  hasReferences: true,
  skips: () => undefined,
  async begin(kind, place, quick) {
    const timed = await begin(kind, place, 2 ** 18);
    const calls = quick ? 20 : 200;
    return {
      async round() {
        const times = await timed.timesMs(calls);
        return { figures: { mean: times.reduce((sum, ms) => sum + ms, 0) / times.length } };
      },
      end: () => timed.stop(),
    };
  },
};
