import { writeFileSync } from "node:fs";
import { benchWork } from "./bench.js";
import { chartOf } from "./chart.js";
import { contestantsOf } from "./contestants.js";
import { goals } from "./goals.js";
import { goalsTable } from "./goals-table.js";
import { judge } from "./judge.js";
import { Lanes } from "./lanes.js";
import { busyWarning, isBusy, lookAtMachine } from "./machine.js";
import { type Options, readOptions, usage } from "./options.js";
import type { Results, WorkResults } from "./results.js";
import { tableOf } from "./table.js";
import { versionsOf } from "./versions.js";
import { buckets } from "./works/timer.js";

async function bench({ works, kinds, rounds, quick, json, svg }: Options): Promise<boolean> {
  const machine = lookAtMachine();
  const peers = kinds.map((kind) => ({
    name: kind.name,
    title: kind.title,
    group: kind.group,
    versions: versionsOf(kind),
  }));
  const contestants = contestantsOf(kinds, machine);
  console.log(
    Object.entries(machine.facts)
      .map(([name, fact]) => `${name} ${fact}`)
      .join(" · "),
  );
  console.log(
    `Medians over ${rounds} round${rounds === 1 ? "" : "s"} in which the peers take turns. Times are this machine's at this hour: only ratios count.`,
  );
  if (isBusy(machine.facts)) console.log(busyWarning);
  const lanes = new Lanes(quick);
  const done: WorkResults[] = [];
  for (const work of works) {
    const started = performance.now();
    const results = await benchWork(work, contestants, rounds, quick, lanes);
    console.log(`\n${tableOf(results, peers, buckets)}`);
    console.error(`· ${((performance.now() - started) / 1000).toFixed(1)} s`);
    done.push(results);
  }
  await lanes.close();
  const judged = judge(goals, done, peers);
  const asked = judged.filter(({ work }) => done.some(({ name }) => name === work));
  if (asked.length > 0) console.log(`\n${goalsTable(asked, peers)}`);
  const all: Results = {
    schema: 1,
    date: new Date().toISOString(),
    quick,
    rounds,
    machine: machine.facts,
    peers,
    bucketsMs: buckets,
    works: done,
    goals: judged,
  };
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(all, null, 1)}\n`);
  if (svg !== undefined) writeFileSync(svg, chartOf(all));
  return done.every(({ results }) => results.every(({ failed }) => failed === undefined));
}

try {
  const options = readOptions(process.argv.slice(2));
  if (options === undefined) console.log(usage);
  else if (!(await bench(options))) process.exitCode = 1;
} catch (error) {
  console.error(`bench: ${(error as Error).message}`);
  process.exitCode = 2;
}
