import { goalRows } from "./goals-table.js";
import { busyWarning, isBusy } from "./machine.js";
import type { Result, Results, WorkResults } from "./results.js";
import { show } from "./show.js";

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map((_, at) => (at === 0 ? "---" : "---:")), ...rows]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");

/** What docs/performance.md shows of a run, by the name of the place where it goes. */
export const sections: Readonly<Record<string, (results: Results) => string>> = {
  run: ({ machine, rounds, quick, date, goals }) => {
    const count = (met: boolean | undefined) => goals.filter((goal) => goal.met === met).length;
    const facts = Object.entries(machine).map(([name, fact]) => `${name} ${fact}`);
    const left = count(undefined) > 0 ? `, ${count(undefined)} not measured` : "";
    const busy = isBusy(machine) ? ` ${busyWarning}` : "";
    return `${date.slice(0, 10)}, ${rounds} rounds${quick ? " of `--quick`" : ""}: ${facts.join(", ")}. Of ${goals.length} goals ${count(true)} met, ${count(false)} not met${left}.${busy}`;
  },

  goals: ({ goals, peers }) =>
    table(
      ["goal", "asked", "reached", ""],
      goalRows(goals, peers).map(({ title, goal, reached, verdict }) => [
        title,
        goal,
        reached,
        verdict === "met" ? "met" : `**${verdict}**`,
      ]),
    ),

  figures: (results) => figuresTable(results),

  timer: ({ works, bucketsMs, peers }) => {
    const found = works.find(({ name }) => name === "timer")?.results ?? [];
    const rows = found.flatMap(({ peer, histogram }) =>
      histogram === undefined ? [] : [[titleOf(peers, peer), ...histogram.map(String)]],
    );
    return table(["ms", ...bucketsMs.map((bound) => `≤ ${bound}`), "more"], rows);
  },

  chat: (results) => serverTable(results, "chat"),

  execute: (results) => serverTable(results, "execute"),

  breakdown: ({ works, peers }) => {
    const found = works.filter(({ name }) => name.startsWith("breakdown-"));
    if (found.length === 0) return "Not measured in this run.";
    return found.map((work) => breakdownTable(work, peers)).join("\n\n");
  },
};

/** Replaces what stands between `<!-- bench:NAME -->` and `<!-- /bench -->`. @throws Error for a place that is missing or unknown. */
export function fillPage(page: string, results: Results): string {
  const missing = new Set(Object.keys(sections));
  const filled = page.replace(
    /(<!-- bench:(\w+) -->\n).*?(<!-- \/bench -->)/gs,
    (_, open: string, name: string, close: string) => {
      const section = sections[name];
      if (section === undefined) throw new Error(`the page wants an unknown part: ${name}`);
      missing.delete(name);
      return `${open}\n${section(results)}\n\n${close}`;
    },
  );
  if (missing.size > 0) throw new Error(`the page has no place for ${[...missing].join(", ")}`);
  return filled;
}

/** Columns: a work, a metric of it, and what stands above. */
const columns: readonly (readonly [work: string, metric: string, title: string])[] = [
  ["text", "p50", "text p50 µs"],
  ["text", "p99", "p99 µs"],
  ["4KiB", "p50", "4 KiB ms"],
  ["1MiB", "p50", "1 MiB ms"],
  ["64MiB", "p50", "64 MiB ms"],
  ["200x1MiB", "mean", "200 × 1 MiB, ms each"],
  ["8-sessions", "rate", "8 workers, calls/s"],
  ["start", "ms", "start ms"],
  ["idle", "sum", "idle %"],
  ["memory", "all", "memory MiB"],
  ["timer", "p999", "timer p99.9 ms"],
];

function serverTable({ works, peers }: Results, name: string): string {
  const found = works.find((work) => work.name === name);
  if (found === undefined) return "Not measured in this run.";
  return table(
    ["", ...found.metrics.map(({ title, unit }) => `${title} ${unit}`)],
    found.results.map(({ peer, figures = {} }) => [
      titleOf(peers, peer),
      ...found.metrics.map(({ key }) => show(figures[key] ?? Number.NaN)),
    ]),
  );
}

function figuresTable({ works, peers }: Results): string {
  const resultOf = (work: string, peer: string): Result | undefined =>
    works.find(({ name }) => name === work)?.results.find((result) => result.peer === peer);
  const rows = peers.flatMap(({ name, title, group }) => {
    if (group === "codec" || group === "server") return [];
    const cells = columns.map(([work, metric]) => {
      const value = resultOf(work, name)?.figures?.[metric];
      return value === undefined ? "" : show(value);
    });
    return [[group === "session" ? `**${title}**` : title, ...cells]];
  });
  return table(["", ...columns.map(([, , title]) => title)], rows);
}

function breakdownTable({ title, metrics, results }: WorkResults, peers: Results["peers"]): string {
  const rows = results.flatMap(({ peer, figures }) =>
    figures === undefined
      ? []
      : [
          [
            titleOf(peers, peer),
            ...metrics.map(({ key }) => {
              const value = figures[key] ?? Number.NaN;
              return value < 0.01 ? "0" : show(value);
            }),
          ],
        ],
  );
  const heads = metrics.map(({ title, unit }) => (title === unit ? title : `${title} ${unit}`));
  return `${title}\n\n${table(["", ...heads], rows)}`;
}

const titleOf = (peers: Results["peers"], wanted: string): string =>
  peers.find(({ name }) => name === wanted)?.title ?? wanted;
