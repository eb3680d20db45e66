import type { AnyKind } from "../peer.js";
import { quantile } from "../quantile.js";
import { type Sample, takeSample } from "../sample.js";
import type { Seat, Work } from "../work.js";
import { Squares } from "./squares.js";

interface Timed {
  timesMs(sample: Sample): Promise<number[]>;
  stop?(): Promise<void>;
}

async function begin({ kind, place, peer }: Seat, floats: number): Promise<Timed> {
  if (kind.group === "reference") {
    const reference = kind.open(place);
    await reference.start();
    return {
      timesMs: ({ calls }) => reference.timeMs(floats, calls),
      stop: () => reference.stop(),
    };
  }
  const squares = new Squares(await peer(), floats);
  return { timesMs: (sample) => takeSample(sample, () => squares.timeMs()) };
}

const takes = ({ group }: AnyKind): boolean => group !== "codec" && group !== "server";
export const textIsSlow = "its arrays travel as text, which takes seconds; not with --quick";

function square(size: string, bytes: number, full: Sample, quick: Sample): Work {
  // Of a handful of calls the longest is told for what it is.
  const [high, share] = full.calls < 50 ? ["longest", 1] : ["p99", 0.99];
  return {
    name: size.replace(" ", ""),
    title: `${size} of float32 squared, into an array of the caller's own`,
    metrics: [
      { key: "p50", title: "p50", unit: "ms", better: "lower" },
      { key: "p99", title: high, unit: "ms", better: "lower" },
    ],
    warmsUp: true,
    onceIfQuick: bytes > 2 ** 24,
    takes,
    skips: (kind, quick) =>
      quick && bytes > 2 ** 24 && "isText" in kind && kind.isText ? textIsSlow : undefined,
    async begin(seat) {
      const timed = await begin(seat, bytes / 4);
      return {
        async round() {
          const times = await timed.timesMs(seat.quick ? quick : full);
          return { figures: { p50: quantile(times, 0.5), p99: quantile(times, share) } };
        },
        end: async () => timed.stop?.(),
      };
    },
  };
}

export const squares = [
  square("4 KiB", 2 ** 12, { calls: 5000, ms: 2000 }, { calls: 500, ms: 100 }),
  // With 100 a round, p99 was the longest, and who runs on Node had hardly been compiled by the last one.
  square("1 MiB", 2 ** 20, { calls: 1000, ms: 2500 }, { calls: 20, ms: 150 }),
  square("64 MiB", 2 ** 26, { calls: 5, ms: 4000 }, { calls: 2, ms: 200 }),
];

/** What a loop over batches sees: with the time that collecting garbage takes. */
export const sequence: Work = {
  name: "200x1MiB",
  title: "200 × 1 MiB (20 with --quick) of float32 squared, one after the other",
  metrics: [{ key: "mean", title: "mean", unit: "ms", better: "lower" }],
  warmsUp: false,
  takes,
  skips: () => undefined,
  async begin(seat) {
    const timed = await begin(seat, 2 ** 18);
    const sample = { calls: seat.quick ? 20 : 200, ms: Number.POSITIVE_INFINITY };
    return {
      async round() {
        const times = await timed.timesMs(sample);
        return { figures: { mean: times.reduce((sum, ms) => sum + ms, 0) / times.length } };
      },
      end: async () => timed.stop?.(),
    };
  },
};
