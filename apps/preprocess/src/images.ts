import { type Tensor, zeros } from "@tr/tsr-codec";

/**
 * A colour gradient with stripes, [height, width, 3]. It stands for a decoded photograph: each index
 * has its own size and its own colours, the same in every run.
 */
export function syntheticImage(index: number): Tensor {
  const width = 96 + ((index * 53) % 320);
  const height = 96 + ((index * 97) % 240);
  const image = zeros([height, width, 3], "uint8");
  let at = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      image.data[at++] = (255 * x) / width;
      image.data[at++] = (255 * y) / height;
      image.data[at++] = (x + y + 16 * index) % 64 < 32 ? 255 - (index % 200) : index % 200;
    }
  }
  return image;
}

/** Some that no pipeline can use, as they occur in every large folder. */
export function imageAt(index: number): Tensor {
  if (index % 40 === 17) return zeros([64, 64], "uint8"); // grey
  if (index % 40 === 29) return zeros([0, 64, 3], "uint8"); // empty
  return syntheticImage(index);
}

/** The numbers of `size` at a time, `count` in all. */
export function* batches(count: number, size: number): Generator<number[]> {
  for (let start = 0; start < count; start += size) {
    const length = Math.min(size, count - start);
    yield Array.from({ length }, (_, i) => start + i);
  }
}
