const smallest = 64 * 1024;

/**
 * The size of a segment for so many bytes: 64 KiB, then four steps for every power of two (1, 1¼, 1½, 1¾),
 * so that tensors of about one size find the segment that the last one used, and at most a fifth is
 * more than was asked for.
 */
export function sizeClass(bytes: number): number {
  if (bytes <= smallest) return smallest;
  const step = 2 ** Math.floor(Math.log2(bytes - 1)) / 4;
  return Math.ceil(bytes / step) * step;
}
