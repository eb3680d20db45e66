/** How many calls make a round: as many as `calls`, or as fit into `ms`, but one. */
export interface Sample {
  readonly calls: number;
  readonly ms: number;
}

/**
 * The times of one call after the other. A turn begins with cold caches and sleeping processes, whoever's it is:
 * up to a tenth as many calls go ahead and are not counted, but for those that take a tenth of the time.
 */
export async function takeSample(
  { calls, ms }: Sample,
  time: (call: number) => Promise<number>,
): Promise<number[]> {
  const times: number[] = [];
  let call = 0;
  const warmMs = Math.min(ms, 1000) / 10;
  const warm = performance.now() + warmMs;
  do {
    const begun = performance.now();
    const taken = await time(call++);
    if (performance.now() - begun > warmMs) times.push(taken);
  } while (call < calls / 10 && performance.now() < warm);
  const end = performance.now() + ms;
  while (times.length === 0 || (times.length < calls && performance.now() < end)) {
    times.push(await time(call++));
  }
  return times;
}
