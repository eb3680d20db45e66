import { type Tensor, zeros } from "@tr/tsr-codec";

/** Points of two spirals that wind around each other, and which of the two each belongs to. */
export function spirals(count: number): {
  /** [count, 2], between −1 and 1 */
  points: Tensor<"float32">;
  /** [count], 0 or 1 */
  classes: Tensor<"int64">;
} {
  const points = zeros([count, 2], "float32");
  const classes = zeros([count], "int64");
  for (let i = 0; i < count; i++) {
    const spiral = i % 2;
    const along = i / count;
    const angle = 3 * Math.PI * along + Math.PI * spiral;
    points.data[2 * i] = along * Math.cos(angle);
    points.data[2 * i + 1] = along * Math.sin(angle);
    classes.data[i] = BigInt(spiral);
  }
  return { points, classes };
}
