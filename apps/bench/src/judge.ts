import type { Goal } from "./goals.js";
import type { PeerInfo, WorkResults } from "./results.js";

/** A goal and what was reached: a ratio, or the figure itself. */
export interface Judged extends Goal {
  /** Not there: a row that it needs was not measured. */
  readonly reached?: number;
  readonly met?: boolean;
}

export function judge(
  goals: readonly Goal[],
  works: readonly WorkResults[],
  peers: readonly PeerInfo[],
): Judged[] {
  return goals.map((goal) => {
    const reached = reachedOf(goal, works, peers);
    if (reached === undefined) return goal;
    return { ...goal, reached, met: goal.least ? reached >= goal.limit : reached <= goal.limit };
  });
}

function reachedOf(
  { work, row, metric, against }: Goal,
  works: readonly WorkResults[],
  peers: readonly PeerInfo[],
): number | undefined {
  const done = works.find(({ name }) => name === work);
  const figureOf = (wanted: string) =>
    done?.results.find(({ peer }) => peer === wanted)?.figures?.[metric];
  const figure = figureOf(row);
  if (figure === undefined || against === undefined) return figure;
  if (against !== "best-peer") {
    const other = figureOf(against.row);
    return other === undefined ? undefined : figure / other;
  }
  // By this very metric: the best p99 is not always that of whoever has the best p50.
  const others = peers.flatMap(({ group, name }) =>
    group === "peer" ? (figureOf(name) ?? []) : [],
  );
  if (others.length === 0) return undefined;
  const better = done?.metrics.find(({ key }) => key === metric)?.better;
  return figure / (better === "higher" ? Math.max(...others) : Math.min(...others));
}
