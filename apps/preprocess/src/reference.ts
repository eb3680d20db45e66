import { type Tensor, zeros } from "@tr/tsr-codec";

// Of ImageNet's red, green and blue, as in server.py.
const mean = [0.485, 0.456, 0.406];
const std = [0.229, 0.224, 0.225];

/** What server.py should make of one image: [3, size, size], in double precision. */
export function preprocess(image: Tensor, size: number): Tensor<"float32"> {
  const [height = 0, width = 0] = image.shape;
  const result = zeros([3, size, size]);
  const pixel = (y: number, x: number, channel: number) =>
    Number(image.data[(y * width + x) * 3 + channel]);
  for (let y = 0; y < size; y++) {
    const [top, bottom, down] = neighbours(y, height, size);
    for (let x = 0; x < size; x++) {
      const [left, right, across] = neighbours(x, width, size);
      for (let channel = 0; channel < 3; channel++) {
        const above = mix(pixel(top, left, channel), pixel(top, right, channel), across);
        const below = mix(pixel(bottom, left, channel), pixel(bottom, right, channel), across);
        const value = mix(above, below, down) / 255;
        result.data[(channel * size + y) * size + x] =
          (value - (mean[channel] as number)) / (std[channel] as number);
      }
    }
  }
  return result;
}

/** The two old pixels beside a new one's centre, and its way from the first to the second. */
function neighbours(index: number, length: number, size: number): [number, number, number] {
  const place = Math.min(Math.max(((index + 0.5) * length) / size - 0.5, 0), length - 1);
  const first = Math.floor(place);
  return [first, Math.min(first + 1, length - 1), place - first];
}

const mix = (a: number, b: number, way: number) => a + (b - a) * way;

/** Mean and standard deviation. */
export function statistics(values: Float32Array): { mean: number; std: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, std: Math.sqrt(variance) };
}

/** The largest difference of a value, or of the mean or the standard deviation of all. */
export function difference(actual: Float32Array, expected: Float32Array): number {
  const [got, want] = [statistics(actual), statistics(expected)];
  let largest = Math.max(Math.abs(got.mean - want.mean), Math.abs(got.std - want.std));
  expected.forEach((value, i) => {
    const distance = Math.abs((actual[i] as number) - value);
    if (!(distance <= largest)) largest = distance; // NaN must not pass
  });
  return largest;
}
