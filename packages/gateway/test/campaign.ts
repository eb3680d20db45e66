/** How many cases a campaign runs: `pnpm campaign:<name> --size N`, or the short form of the ordinary tests. */
export function campaignSize(short: number): number {
  return Number(process.env.TR_CAMPAIGN_SIZE ?? short);
}

/** `pnpm campaign:<name> --seed N`; the ordinary tests always run the same cases. */
export const seed = Number(process.env.TR_CAMPAIGN_SEED ?? 1);

/** Numbers in [0, 1) that are the same for the same seed (mulberry32). */
export function randomNumbers(start: number): () => number {
  let state = start | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
