import type { Judged } from "./judge.js";
import { median } from "./quantile.js";
import type { Metric, Round } from "./work.js";

/** What one peer did at one work, or why it did not. */
export interface Result {
  readonly peer: string;
  /** For each metric the median over the rounds. */
  readonly figures?: Readonly<Record<string, number>>;
  /** The main figure as a multiple of the best of those that are not ours. */
  readonly toBest?: number;
  readonly rounds?: readonly Round["figures"][];
  /** The sum over the rounds. */
  readonly histogram?: readonly number[];
  readonly leftOut?: string;
  readonly failed?: string;
}

export interface WorkResults {
  readonly name: string;
  readonly title: string;
  readonly metrics: readonly Metric[];
  readonly results: readonly Result[];
}

export interface PeerInfo {
  readonly name: string;
  readonly title: string;
  readonly group: "session" | "peer" | "reference" | "codec" | "server";
  readonly versions: Readonly<Record<string, string>>;
}

export interface Results {
  readonly schema: 1;
  readonly date: string;
  readonly quick: boolean;
  readonly rounds: number;
  readonly machine: Readonly<Record<string, string | number>>;
  readonly peers: readonly PeerInfo[];
  /** Upper bounds of the histograms' buckets, in ms. */
  readonly bucketsMs: readonly number[];
  readonly works: readonly WorkResults[];
  readonly goals: readonly Judged[];
}

/** A peer's rounds as one result. */
export function summarize(
  peer: string,
  metrics: readonly Metric[],
  rounds: readonly Round[],
): Result {
  const figures = Object.fromEntries(
    metrics.map(({ key }) => [
      key,
      median(rounds.map((round) => round.figures[key] ?? Number.NaN)),
    ]),
  );
  const histograms = rounds.flatMap(({ histogram }) => (histogram ? [histogram] : []));
  const histogram = histograms[0]?.map((_, at) =>
    histograms.reduce((sum, counts) => sum + (counts[at] ?? 0), 0),
  );
  return {
    peer,
    figures,
    rounds: rounds.map((round) => round.figures),
    ...(histogram && { histogram }),
  };
}

/** Puts every result beside the best of the peers. Sessions and references are no peers. */
export function compare(
  results: readonly Result[],
  [main]: readonly Metric[],
  isPeer: (name: string) => boolean,
): Result[] {
  if (main === undefined) return [...results];
  const figureOf = ({ figures }: Result) => figures?.[main.key];
  const known = results.filter(({ peer }) => isPeer(peer)).flatMap((r) => figureOf(r) ?? []);
  if (known.length === 0) return [...results];
  const best = main.better === "lower" ? Math.min(...known) : Math.max(...known);
  return results.map((result) => {
    const figure = figureOf(result);
    return figure === undefined ? result : { ...result, toBest: figure / best };
  });
}
