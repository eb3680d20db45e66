import { type Tensor, zeros } from "@tr/tsr-codec";

/** A float32 tensor from a rule for its elements, counted through row by row. */
export function fill(shape: readonly number[], value: (i: number) => number): Tensor<"float32"> {
  const made = zeros(shape);
  for (let i = 0; i < made.data.length; i++) made.data[i] = value(i);
  return made;
}

let state = 1;

/** Between 0 and 1, the same numbers in every run (mulberry32). */
function uniform(): number {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return (((t ^ (t >>> 14)) >>> 0) + 0.5) / 2 ** 32;
}

/** Normally distributed numbers (Box–Muller). */
export function normal(shape: readonly number[], scale = 1, mean = 0): Tensor<"float32"> {
  const next = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  return fill(shape, () => mean + scale * next());
}
