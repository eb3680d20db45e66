import type { PeerInfo, Result, WorkResults } from "./results.js";
import { show } from "./show.js";
import type { Metric } from "./work.js";

const bars = "▏▎▍▌▋▊▉█";

/** One work as lines of text, in the order of the peers. */
export function tableOf(
  { title, metrics, results }: WorkResults,
  peers: readonly PeerInfo[],
  bucketsMs: readonly number[],
): string {
  const width = Math.max(...peers.map((peer) => peer.title.length));
  const heads = metrics.map(({ title, unit }) => (title === unit ? title : `${title} ${unit}`));
  const columns = heads.map((head) => Math.max(head.length, 9));
  const titleOf = (name: string) => peers.find((peer) => peer.name === name)?.title ?? name;
  const lines = [
    title,
    [
      "".padEnd(width),
      ...heads.map((head, at) => head.padStart(columns[at] ?? 0)),
      ...(results.some(({ toBest }) => toBest !== undefined) ? [" of best peer"] : []),
    ].join("  "),
  ];
  const notes: string[] = [];
  for (const result of results) {
    const name = titleOf(result.peer);
    if (result.failed !== undefined) notes.push(`  ${name}: FAILED: ${result.failed}`);
    else if (result.leftOut !== undefined) notes.push(`  ${name}: left out: ${result.leftOut}`);
    else lines.push([name.padEnd(width), ...cells(result, metrics, columns)].join("  "));
  }
  lines.push(...notes, ...histograms(results, titleOf, bucketsMs, width));
  return lines.join("\n");
}

function cells(result: Result, metrics: readonly Metric[], columns: readonly number[]): string[] {
  const figures = metrics.map(({ key }, at) =>
    show(result.figures?.[key] ?? Number.NaN).padStart(columns[at] ?? 0),
  );
  const { toBest, rounds = [] } = result;
  const ratio = toBest === undefined ? "" : `${show(toBest)} ×`;
  return [
    ...figures,
    ...(ratio === "" ? [] : [ratio.padStart(13)]),
    ...(rounds.length === 1 ? ["(one round)"] : []),
  ];
}

/** How often each length was seen, one character for each bucket, on a logarithmic scale. */
function histograms(
  results: readonly Result[],
  titleOf: (name: string) => string,
  bucketsMs: readonly number[],
  width: number,
): string[] {
  const rows = results.flatMap(({ peer, histogram }) =>
    histogram === undefined ? [] : [{ peer, histogram }],
  );
  if (rows.length === 0) return [];
  const heads = [...bucketsMs.map((bound) => `≤ ${bound}`), "more"];
  return [
    ["Histogram, ms".padEnd(width), ...heads.map((head) => head.padStart(7))].join("  "),
    ...rows.map(({ peer, histogram }) =>
      [titleOf(peer).padEnd(width), ...histogram.map((count) => bar(count).padStart(7))].join("  "),
    ),
  ];
}

function bar(count: number): string {
  if (count === 0) return "·";
  const mark = bars[Math.min(bars.length - 1, Math.floor(Math.log10(count) * 2))] ?? "";
  return `${count} ${mark}`;
}
