/**
 * The order in which `count` contestants take their turns in a round. Over the rounds nobody always
 * follows the same neighbour: the rows of a balanced square, in which every contestant follows every
 * other one once (E. J. Williams, Experimental designs balanced for the estimation of residual effects
 * of treatments, 1949). With an odd number there is an empty place.
 */
export function orderOf(count: number, round: number): number[] {
  const places = count + (count % 2);
  const zigzag = Array.from({ length: places }, (_, at) =>
    at % 2 === 0 ? at / 2 : places - (at + 1) / 2,
  );
  return zigzag.map((place) => (place + round) % places).filter((place) => place < count);
}
