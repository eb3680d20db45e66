import { type Tensor, zeros } from "@tr/tsr-codec";

/** exp(x) / Σ exp(x) along one axis; a negative one counts from the end. */
export function softmax(x: Tensor<"float32">, dim: number): Tensor<"float32"> {
  const axis = dim < 0 ? dim + x.shape.length : dim;
  const size = x.shape[axis] ?? 1;
  const step = x.shape.slice(axis + 1).reduce((product, next) => product * next, 1);
  const result = zeros(x.shape);
  for (let block = 0; block < x.data.length; block += size * step) {
    for (let start = block; start < block + step; start++) {
      let largest = Number.NEGATIVE_INFINITY;
      for (let i = 0; i < size; i++) {
        largest = Math.max(largest, x.data[start + i * step] as number);
      }
      // Without the largest subtracted, exp overflows from 709 on.
      let sum = 0;
      for (let i = 0; i < size; i++) {
        sum += Math.exp((x.data[start + i * step] as number) - largest);
      }
      for (let i = 0; i < size; i++) {
        const at = start + i * step;
        result.data[at] = Math.exp((x.data[at] as number) - largest) / sum;
      }
    }
  }
  return result;
}
