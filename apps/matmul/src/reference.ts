import { type Tensor, zeros } from "@tr/tsr-codec";

/** The product of an [n, k] and a [k, m] float32 matrix, summed in double precision. */
export function matmul(a: Tensor<"float32">, b: Tensor<"float32">): Tensor<"float32"> {
  const [n = 0, k = 0] = a.shape;
  const [, m = 0] = b.shape;
  const product = zeros([n, m]);
  const row = new Float64Array(m);
  for (let i = 0; i < n; i++) {
    row.fill(0);
    // This order reads b along its rows, which is several times faster than down its columns.
    for (let l = 0; l < k; l++) {
      const scale = a.data[i * k + l] as number;
      const start = l * m;
      for (let j = 0; j < m; j++) {
        row[j] = (row[j] as number) + scale * (b.data[start + j] as number);
      }
    }
    product.data.set(row, i * m);
  }
  return product;
}

/** Normally distributed numbers that are the same in every run (mulberry32, Box–Muller). */
export function normal(shape: readonly number[], seed: number): Tensor<"float32"> {
  const result = zeros(shape);
  let state = seed;
  const uniform = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (((t ^ (t >>> 14)) >>> 0) + 0.5) / 2 ** 32;
  };
  for (let i = 0; i < result.data.length; i++) {
    result.data[i] = Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  }
  return result;
}
