import { type Tensor, zeros } from "@tr/tsr-codec";

export interface ConvOptions {
  /** Rows and columns from one window to the next. */
  readonly stride: readonly [number, number];
  /** Zeros around the image, above and below, left and right. */
  readonly padding: readonly [number, number];
}

/** x [n, channels, h, w], weight [filters, channels, kh, kw], bias [filters] → [n, filters, …]. */
export function conv2d(
  x: Tensor<"float32">,
  weight: Tensor<"float32">,
  bias: Tensor<"float32">,
  { stride, padding }: ConvOptions,
): Tensor<"float32"> {
  const [n = 0, channels = 0, height = 0, width = 0] = x.shape;
  const [filters = 0, , kernelHeight = 0, kernelWidth = 0] = weight.shape;
  const rows = Math.floor((height + 2 * padding[0] - kernelHeight) / stride[0]) + 1;
  const columns = Math.floor((width + 2 * padding[1] - kernelWidth) / stride[1]) + 1;
  const result = zeros([n, filters, rows, columns]);

  /** The sum over one window. */
  function window(image: number, filter: number, top: number, left: number): number {
    let sum = 0;
    for (let channel = 0; channel < channels; channel++) {
      const plane = (image * channels + channel) * height * width;
      const kernel = (filter * channels + channel) * kernelHeight * kernelWidth;
      for (let i = 0; i < kernelHeight; i++) {
        const row = top + i;
        if (row < 0 || row >= height) continue; // padding
        for (let j = 0; j < kernelWidth; j++) {
          const column = left + j;
          if (column < 0 || column >= width) continue;
          const pixel = x.data[plane + row * width + column] as number;
          sum += pixel * (weight.data[kernel + i * kernelWidth + j] as number);
        }
      }
    }
    return sum;
  }

  let at = 0;
  for (let image = 0; image < n; image++) {
    for (let filter = 0; filter < filters; filter++) {
      for (let row = 0; row < rows; row++) {
        for (let column = 0; column < columns; column++) {
          const top = row * stride[0] - padding[0];
          const left = column * stride[1] - padding[1];
          result.data[at++] = window(image, filter, top, left) + (bias.data[filter] as number);
        }
      }
    }
  }
  return result;
}
