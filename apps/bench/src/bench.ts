import { availableParallelism } from "node:os";
import type { Contestant } from "./contestants.js";
import type { Lane } from "./lane.js";
import type { Lanes } from "./lanes.js";
import { orderOf } from "./order-of.js";
import type { AnyKind } from "./peer.js";
import { compare, type Result, summarize, type WorkResults } from "./results.js";
import type { Round, Work } from "./work.js";

interface Entry {
  readonly contestant: Contestant;
  readonly rounds: Round[];
  lane?: Lane;
  leftOut?: string | undefined;
  failed?: string;
}

const takesTexts = (kind: AnyKind): boolean =>
  (kind.group === "session" || kind.group === "peer") && !kind.isForArrays;

/** A round that takes as long is no warm-up: it counts, and is the only one. */
const longRoundMs = 10_000;

/**
 * One work with all its peers. They take turns round by round, so that all of them see the machine's
 * good and bad minutes.
 */
export async function benchWork(
  work: Work,
  contestants: readonly Contestant[],
  rounds: number,
  quick: boolean,
  lanes: Lanes,
): Promise<WorkResults> {
  const turns = quick && work.onceIfQuick ? 1 : rounds;
  const entries = contestants
    .filter(({ kind }) => (work.takes ?? takesTexts)(kind))
    .map(
      (contestant): Entry => ({
        contestant,
        rounds: [],
        leftOut: contestant.missing ?? work.skips(contestant.kind, quick),
      }),
    );
  const active = () =>
    entries.filter(({ leftOut, failed }) => leftOut === undefined && failed === undefined);
  const attempt = async (entry: Entry, act: (lane: Lane) => Promise<void>) => {
    entry.lane ??= lanes.open(entry.contestant, work);
    try {
      await act(entry.lane);
    } catch (error) {
      entry.failed = (error as Error).message;
      lanes.kill(entry.lane);
    }
  };
  const begin = (entry: Entry) => attempt(entry, (lane) => lane.begin(work.name));
  const end = (entry: Entry) =>
    attempt(entry, async (lane) => {
      await lane.end();
      await lanes.leave(lane, work);
    });
  const round = (entry: Entry) =>
    attempt(entry, async (lane) => {
      entry.rounds.push(await lane.round());
    });

  if (work.once) {
    const turn = async (entry: Entry) => {
      await begin(entry);
      if (entry.failed === undefined) await round(entry);
      if (entry.failed === undefined) await end(entry);
    };
    await each(active(), turn, work.together === "all" ? entries.length : undefined);
  } else {
    await each(active(), begin);
    const begun = active();
    const finished = new Set<Entry>();
    for (let turn = work.warmsUp ? -1 : 0; turn < turns; turn++) {
      for (const place of orderOf(begun.length, turn + 1)) {
        const entry = begun[place];
        if (entry === undefined || entry.failed !== undefined || finished.has(entry)) continue;
        const started = performance.now();
        await round(entry);
        if (performance.now() - started > longRoundMs) finished.add(entry);
        else if (turn === -1) entry.rounds.length = 0;
      }
    }
    await each(active(), end);
  }

  const results = entries.map(({ contestant: { kind }, rounds, leftOut, failed }): Result => {
    if (leftOut !== undefined) return { peer: kind.name, leftOut };
    if (failed !== undefined) return { peer: kind.name, failed };
    return summarize(kind.name, work.metrics, rounds);
  });
  const isPeer = (name: string) =>
    contestants.some(({ kind }) => kind.name === name && kind.group === "peer");
  const { name, title, metrics } = work;
  return { name, title, metrics, results: compare(results, metrics, isPeer) };
}

/** As many at once as there are cores, unless told otherwise. */
async function each<T>(
  items: readonly T[],
  act: (item: T) => Promise<void>,
  width = availableParallelism(),
): Promise<void> {
  const rest = [...items];
  const work = async () => {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) await act(item);
  };
  await Promise.all(Array.from({ length: width }, work));
}
