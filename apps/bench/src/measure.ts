import type { Peer } from "./peer.js";

export interface Work {
  readonly name: string;
  /** Calls in one round; a round's figure is its median call. */
  readonly callsPerRound: number;
  run(peer: Peer, call: number): Promise<void>;
}

/** The value below which a share of the sorted values lies. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

/**
 * Times every work on every peer in ms. The peers take turns round by round, so that all of them see
 * the machine's good and bad minutes; a figure is the median over rounds of the round's median.
 */
export async function measure(
  peers: readonly Peer[],
  works: readonly Work[],
  rounds: number,
): Promise<Map<Work, Map<Peer, number>>> {
  const table = new Map<Work, Map<Peer, number>>();
  for (const work of works) {
    const medians = new Map(peers.map((peer) => [peer, [] as number[]]));
    for (let round = -1; round < rounds; round++) {
      for (const peer of peers) {
        const timesMs: number[] = [];
        for (let call = 0; call < work.callsPerRound; call++) {
          const started = performance.now();
          await work.run(peer, call);
          timesMs.push(performance.now() - started);
        }
        if (round >= 0) medians.get(peer)?.push(quantile(timesMs, 0.5)); // the first warms up
      }
    }
    table.set(work, new Map([...medians].map(([peer, times]) => [peer, quantile(times, 0.5)])));
  }
  return table;
}
