/**
 * The results of `run` in the order of the items, at most `limit` of them under way at a time. Items
 * are made when their turn comes, so a long list of large ones is never in memory as a whole.
 */
export async function* mapInOrder<T, R>(
  items: Iterable<T>,
  limit: number,
  run: (item: T, position: number) => Promise<R>,
): AsyncGenerator<R> {
  const underWay: Promise<R>[] = [];
  let position = 0;
  for (const item of items) {
    if (underWay.length === limit) yield await (underWay.shift() as Promise<R>);
    const result = run(item, position++);
    result.catch(() => {}); // it is thrown when its turn comes, which may be after it has failed
    underWay.push(result);
  }
  for (const result of underWay) yield await result;
}
