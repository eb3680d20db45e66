/** How many calls make a round: as many as `calls`, or as fit into `ms`, but one. */
export interface Sample {
  readonly calls: number;
  readonly ms: number;
}

/** The times of one call after the other. */
export async function takeSample(
  { calls, ms }: Sample,
  time: (call: number) => Promise<number>,
): Promise<number[]> {
  const times: number[] = [];
  const end = performance.now() + ms;
  do times.push(await time(times.length));
  while (times.length < calls && performance.now() < end);
  return times;
}
