import { type Tensor, zeros } from "@tr/tsr-codec";

/** [n, k] @ [k, m]: row by column, each sum in double precision. */
export function matmul(a: Tensor<"float32">, b: Tensor<"float32">): Tensor<"float32"> {
  const [n = 0, k = 0] = a.shape;
  const [, m = 0] = b.shape;
  const product = zeros([n, m]);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < m; j++) {
      let sum = 0;
      for (let l = 0; l < k; l++) {
        sum += (a.data[i * k + l] as number) * (b.data[l * m + j] as number);
      }
      product.data[i * m + j] = sum;
    }
  }
  return product;
}
