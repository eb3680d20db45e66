import { availableParallelism } from "node:os";
import { Lane } from "./lane.js";
import type { AnyKind } from "./peer.js";
import type { PlaceData } from "./place.js";
import { compare, type Result, summarize, type WorkResults } from "./results.js";
import type { Round, Work } from "./work.js";

export interface Contestant {
  readonly kind: AnyKind;
  readonly place: PlaceData;
  /** Why it cannot take part. */
  readonly missing?: string | undefined;
}

interface Entry {
  readonly contestant: Contestant;
  readonly rounds: Round[];
  lane?: Lane;
  leftOut?: string | undefined;
  failed?: string;
}

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
): Promise<WorkResults> {
  const entries = contestants
    .filter(({ kind }) => kind.group !== "reference" || work.hasReferences)
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
    const { kind, place } = entry.contestant;
    entry.lane ??= new Lane({ work: work.name, kind: kind.name, place, quick });
    try {
      await act(entry.lane);
    } catch (error) {
      entry.failed = (error as Error).message;
      entry.lane.kill();
    }
  };
  const begin = (entry: Entry) => attempt(entry, (lane) => lane.ready());
  const end = (entry: Entry) => attempt(entry, (lane) => lane.end());
  const round = (entry: Entry) =>
    attempt(entry, async (lane) => {
      entry.rounds.push(await lane.round());
    });

  if (work.once) {
    const turns = active().map((entry) => async () => {
      await begin(entry);
      if (entry.failed === undefined) await round(entry);
      if (entry.failed === undefined) await end(entry);
    });
    if (work.together) await Promise.all(turns.map((turn) => turn()));
    else for (const turn of turns) await turn();
  } else {
    await each(active(), begin);
    const finished = new Set<Entry>();
    for (let turn = work.warmsUp && !quick ? -1 : 0; turn < rounds; turn++) {
      for (const entry of active().filter((entry) => !finished.has(entry))) {
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

/** As many at once as there are cores. */
async function each<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  const rest = [...items];
  const work = async () => {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) await act(item);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
}
