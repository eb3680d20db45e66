import { type Tensor, zeros } from "@tr/tsr-codec";

/** (x − mean) / √(variance + eps) · weight + bias over the last axes, as many as `weight` has. */
export function layerNorm(
  x: Tensor<"float32">,
  weight: Tensor<"float32">,
  bias: Tensor<"float32">,
  eps: number,
): Tensor<"float32"> {
  const size = weight.data.length;
  const result = zeros(x.shape);
  for (let start = 0; start < x.data.length; start += size) {
    const row = x.data.subarray(start, start + size);
    const mean = row.reduce((sum, value) => sum + value, 0) / size;
    // In a second pass: the mean of the squares less the square of the mean loses every digit when
    // the mean is large.
    const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / size;
    const scale = 1 / Math.sqrt(variance + eps);
    row.forEach((value, i) => {
      const normal = (value - mean) * scale;
      result.data[start + i] = normal * (weight.data[i] as number) + (bias.data[i] as number);
    });
  }
  return result;
}
