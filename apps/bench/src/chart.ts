import type { PeerInfo, Results, WorkResults } from "./results.js";
import { show } from "./show.js";

const width = 900;
const rowHeight = 19;
const head = 48;
const gap = 22;
/** Names left, then dots, then figures and ratios in columns. */
const plot = { left: 248, right: 682 };
const columns = { figure: 780, ratio: width - 20 };

/** Its own ground, so that it is readable wherever it is shown; the colours follow the reader's scheme. */
const style = `
  .ground { fill: #ffffff } text { fill: #1f2328; font: 13px system-ui, sans-serif }
  .head { font-weight: 600 } .title { font-size: 17px } .small { fill: #59636e; font-size: 11px }
  .line { stroke: #e6eaef } .tick { stroke: #d1d9e0; stroke-dasharray: 2 3 } .best { stroke: #59636e }
  .end { text-anchor: end } .middle { text-anchor: middle }
  .session { fill: #0969da } text.session { font-weight: 600 }
  circle.peer { fill: #818b98 } circle.reference, circle.codec { fill: #ffffff; stroke: #818b98; stroke-width: 1.5 }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #0d1117 } text { fill: #f0f6fc } .small { fill: #9198a1 }
    .line { stroke: #21262d } .tick { stroke: #3d444d } .best { stroke: #9198a1 }
    .session { fill: #58a6ff } circle.peer { fill: #9198a1 }
    circle.reference, circle.codec { fill: #0d1117; stroke: #9198a1 }
  }`;

interface Row {
  readonly peer: PeerInfo;
  readonly value: number;
  readonly toBest: number | undefined;
}

/** Every work as a group of dots on a logarithmic scale of its own. No script, nothing loaded. */
export function chartOf(results: Results): string {
  let top = 108;
  const groups = results.works.flatMap((work) => {
    const rows = rowsOf(work, results.peers);
    if (!rows.some(({ toBest }) => toBest !== undefined)) return [];
    const group = groupOf(work, rows, top);
    top += head + rows.length * rowHeight + gap;
    return [group];
  });
  const { machine, rounds, quick } = results;
  const facts = `${machine.processor}, ${machine.cores} cores, Node ${machine.node}, Python ${machine.python}, numpy ${machine.numpy}; medians over ${rounds} rounds${quick ? ", --quick" : ""}, ${results.date.slice(0, 10)}`;
  const legend = [
    ["session", "this project"],
    ["peer", "others"],
    ["reference", "the work alone, without sending anything"],
  ].map(
    ([group, words], at) =>
      `<circle class="${group}" cx="${26 + at * 130}" cy="82" r="5"/><text class="small" x="${37 + at * 130}" y="86">${words}</text>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${top}" viewBox="0 0 ${width} ${top}" role="img" aria-label="Ways to reach Python from Node, compared">
<style>${style}
</style>
<rect class="ground" width="${width}" height="${top}" rx="8"/>
<text class="head title" x="20" y="28">Ways to reach Python from Node</text>
<text class="small" x="20" y="47">${escaped(facts)}</text>
<text class="small" x="20" y="63">Logarithmic scales. The line marks the best of the others; × are multiples of it.</text>
${legend.join("\n")}
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
  const { scale, ticks } = scaleOf(rows.map(({ value }) => value));
  const unit = main?.unit ?? "";
  const direction = main?.better === "higher" ? "more is better" : "less is better";
  const first = top + head;
  const bottom = first + (rows.length - 1) * rowHeight + 8;
  const upright = (value: number, name: string) =>
    `<line class="${name}" x1="${scale(value)}" x2="${scale(value)}" y1="${first - 10}" y2="${bottom}"/>`;
  const best = rows.find(({ peer, toBest }) => peer.group === "peer" && toBest === 1);
  const lines = rows.map(({ peer, value, toBest }, at) => {
    const y = first + at * rowHeight;
    const ratio = toBest === undefined ? "" : `${shortly(toBest)} ×`;
    return `<line class="line" x1="${plot.left}" y1="${y}" x2="${plot.right}" y2="${y}"/><text class="${peer.group}" x="20" y="${y + 4}">${escaped(peer.title)}</text><circle class="${peer.group}" cx="${scale(value)}" cy="${y}" r="5"/><text class="end" x="${columns.figure}" y="${y + 4}">${show(value)} ${escaped(unit)}</text><text class="end ${peer.group}" x="${columns.ratio}" y="${y + 4}">${ratio}</text>`;
  });
  return `<text class="head" x="20" y="${top + 14}">${escaped(title)}</text><text class="small end" x="${columns.ratio}" y="${top + 14}">${escaped(main?.title ?? "")}, ${direction}</text>
${ticks.map((tick) => `${upright(tick, "tick")}<text class="small middle" x="${scale(tick)}" y="${first - 14}">${tick.toLocaleString("en-GB", { maximumFractionDigits: 6 })}</text>`).join("")}${best ? upright(best.value, "best") : ""}
${lines.join("\n")}`;
}

/** From the smallest to the largest figure, with ticks at powers of ten, no more than six; at 1, 2 and 5 where that is too few. */
function scaleOf(values: readonly number[]): { scale(value: number): string; ticks: number[] } {
  const positive = values.filter((value) => value > 0);
  const low = Math.log10(Math.min(...positive));
  const high = Math.max(Math.log10(Math.max(...positive)), low + 1e-9);
  const scale = (value: number) => {
    const share = value > 0 ? (Math.log10(value) - low) / (high - low) : 0;
    return (plot.left + 6 + share * (plot.right - plot.left - 12)).toFixed(1);
  };
  const powers = Array.from(
    { length: Math.floor(high) - Math.floor(low) + 1 },
    (_, at) => 10 ** (Math.floor(low) + at),
  );
  const isIn = (tick: number) => Math.log10(tick) >= low && Math.log10(tick) <= high;
  const decades = powers.filter(isIn);
  if (decades.length < 2) {
    return { scale, ticks: powers.flatMap((power) => [power, 2 * power, 5 * power]).filter(isIn) };
  }
  const step = Math.ceil(decades.length / 6);
  return { scale, ticks: decades.filter((_, at) => at % step === 0) };
}

/** Two digits that count are enough for a ratio, but close to 1. */
function shortly(ratio: number): string {
  if (ratio >= 10) return Math.round(ratio).toLocaleString("en-GB");
  if (ratio >= 0.1) return ratio.toFixed(ratio >= 2 ? 1 : 2);
  return ratio.toFixed(Math.min(5, 1 - Math.floor(Math.log10(ratio))));
}

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
