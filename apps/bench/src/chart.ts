import type { PeerInfo, Results, WorkResults } from "./results.js";
import { show } from "./show.js";

const width = 860;
const names = 200;
const figures = 150;
const rowHeight = 20;
const plot = { left: names + 10, right: width - figures - 10 };

/** Its own ground, so that it is readable wherever it is shown; the colours follow the reader's scheme. */
const style = `
  .ground { fill: #ffffff } text { fill: #1f2328; font: 13px system-ui, sans-serif }
  .title { font-weight: 600 } .small { fill: #59636e; font-size: 11px } .line { stroke: #d1d9e0 }
  .session { fill: #0969da } .peer { fill: #818b98 } .reference { fill: none; stroke: #818b98 }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #0d1117 } text { fill: #f0f6fc } .small { fill: #9198a1 } .line { stroke: #3d444d }
    .session { fill: #4493f8 } .peer { fill: #9198a1 } .reference { stroke: #9198a1 }
  }`;

interface Row {
  readonly peer: PeerInfo;
  readonly value: number;
  readonly toBest: number | undefined;
}

/** Every work as a group of dots on a logarithmic scale of its own. No script, nothing loaded. */
export function chartOf(results: Results): string {
  let top = 56;
  const groups = results.works.flatMap((work) => {
    const rows = rowsOf(work, results.peers);
    if (rows.length === 0) return [];
    const group = groupOf(work, rows, top);
    top += 56 + rows.length * rowHeight;
    return [group];
  });
  const { machine, rounds, quick } = results;
  const facts = `${machine.processor}, ${machine.cores} cores, Node ${machine.node}, Python ${machine.python}; medians over ${rounds} rounds${quick ? ", --quick" : ""}, ${results.date.slice(0, 10)}`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${top}" viewBox="0 0 ${width} ${top}" role="img" aria-label="Ways to reach Python from Node, compared">
<style>${style}
</style>
<rect class="ground" width="${width}" height="${top}" rx="8"/>
<text class="title" x="16" y="26">Ways to reach Python from Node</text>
<text class="small" x="16" y="44">${escaped(facts)}. Logarithmic scales.</text>
${groups.join("\n")}
</svg>
`;
}

function rowsOf({ metrics: [main], results }: WorkResults, peers: readonly PeerInfo[]): Row[] {
  if (main === undefined) return [];
  const rows = results.flatMap(({ peer: name, figures, toBest }): Row[] => {
    const peer = peers.find((info) => info.name === name);
    const value = figures?.[main.key];
    return peer === undefined || value === undefined ? [] : [{ peer, value, toBest }];
  });
  const sign = main.better === "lower" ? 1 : -1;
  return rows.sort((a, b) => sign * (a.value - b.value));
}

function groupOf(
  { title, metrics: [main] }: WorkResults,
  rows: readonly Row[],
  top: number,
): string {
  const positive = rows.map(({ value }) => value).filter((value) => value > 0);
  const [low, high] = [Math.min(...positive), Math.max(...positive)].map(Math.log10);
  const scale = (value: number) => {
    if (!(value > 0) || low === undefined || high === undefined || high === low) return plot.left;
    return plot.left + ((Math.log10(value) - low) / (high - low)) * (plot.right - plot.left);
  };
  const unit = main?.unit ?? "";
  const direction = main?.better === "higher" ? "more is better" : "less is better";
  const lines = rows.map(({ peer, value, toBest }, at) => {
    const y = top + 40 + at * rowHeight;
    const ratio = toBest === undefined ? "" : ` (${show(toBest)} ×)`;
    return `<text x="16" y="${y + 4}">${escaped(peer.title)}</text><line class="line" x1="${plot.left}" y1="${y}" x2="${plot.right}" y2="${y}"/><circle class="${peer.group}" cx="${scale(value).toFixed(1)}" cy="${y}" r="5"/><text x="${plot.right + 14}" y="${y + 4}">${show(value)} ${escaped(unit)}${ratio}</text>`;
  });
  return `<text class="title" x="16" y="${top + 18}">${escaped(title)}</text><text class="small" x="${width - 16}" y="${top + 18}" text-anchor="end">${escaped(main?.title ?? "")}, ${direction}; × of the best peer</text>
${lines.join("\n")}`;
}

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
