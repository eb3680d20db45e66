/** How many cases a campaign runs: `pnpm campaign:<name> --size N`, or the short form of the ordinary tests. */
export function campaignSize(short: number): number {
  return Number(process.env.TR_CAMPAIGN_SIZE ?? short);
}

/** `pnpm campaign:<name> --seed N`; the ordinary tests always run the same cases. */
export const seed = Number(process.env.TR_CAMPAIGN_SEED ?? 1);
