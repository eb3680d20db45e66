import type { Judged } from "./judge.js";
import type { PeerInfo } from "./results.js";
import { show } from "./show.js";

export interface GoalRow {
  readonly title: string;
  readonly goal: string;
  readonly reached: string;
  readonly verdict: "met" | "not met" | "not measured";
}

/** Goals as words. */
export function goalRows(judged: readonly Judged[], peers: readonly PeerInfo[]): GoalRow[] {
  return judged.map(({ title, against, limit, least, unit, reached, met }) => {
    const sign = least ? "≥" : "≤";
    const other =
      typeof against === "object"
        ? (peers.find(({ name }) => name === against.row)?.title ?? against.row)
        : "best peer";
    const goal =
      against === undefined
        ? `${sign} ${limit} ${unit ?? ""}`.trim()
        : `${sign} ${limit} × ${other}`;
    const found = reached === undefined ? "" : show(reached);
    return {
      title,
      goal,
      reached: found && `${found} ${against === undefined ? (unit ?? "") : "×"}`.trim(),
      verdict: met === undefined ? "not measured" : met ? "met" : "not met",
    };
  });
}

export function goalsTable(judged: readonly Judged[], peers: readonly PeerInfo[]): string {
  const rows = goalRows(judged, peers);
  const width = (cell: (row: GoalRow) => string) =>
    Math.max(...rows.map((row) => cell(row).length));
  const [first, second] = [width(({ title }) => title), width(({ goal }) => goal)];
  const lines = rows.map(({ title, goal, reached, verdict }) =>
    [title.padEnd(first), goal.padEnd(second), reached.padStart(18), verdict].join("  ").trimEnd(),
  );
  const count = (wanted: GoalRow["verdict"]) =>
    rows.filter(({ verdict }) => verdict === wanted).length;
  const sums = (["met", "not met", "not measured"] as const).map(
    (wanted) => `${count(wanted)} ${wanted}`,
  );
  return [`Goals: ${sums.join(", ")}`, ...lines].join("\n");
}
