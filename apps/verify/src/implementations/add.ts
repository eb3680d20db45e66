import { type Tensor, zeros } from "@tr/tsr-codec";

/**
 * The sum, with broadcasting: the shapes are aligned at their last axes, and an axis that is missing
 * or has the size 1 is repeated.
 */
export function add(a: Tensor<"float32">, b: Tensor<"float32">): Tensor<"float32"> {
  const rank = Math.max(a.shape.length, b.shape.length);
  const left = aligned(a.shape, rank);
  const right = aligned(b.shape, rank);
  const shape = left.map((size, axis) => (size === 1 ? (right[axis] as number) : size));
  const sum = zeros(shape);
  const leftSteps = steps(left);
  const rightSteps = steps(right);
  for (let i = 0; i < sum.data.length; i++) {
    let rest = i;
    let atLeft = 0;
    let atRight = 0;
    for (let axis = rank - 1; axis >= 0; axis--) {
      const size = shape[axis] as number;
      const coordinate = rest % size;
      rest = (rest - coordinate) / size;
      atLeft += coordinate * (leftSteps[axis] as number);
      atRight += coordinate * (rightSteps[axis] as number);
    }
    sum.data[i] = (a.data[atLeft] as number) + (b.data[atRight] as number);
  }
  return sum;
}

function aligned(shape: readonly number[], rank: number): number[] {
  return [...new Array<number>(rank - shape.length).fill(1), ...shape];
}

/** How far apart neighbours along each axis lie in memory; 0 along a repeated axis. */
function steps(shape: readonly number[]): number[] {
  let step = 1;
  return shape
    .toReversed()
    .map((size) => {
      const own = size === 1 ? 0 : step;
      step *= size;
      return own;
    })
    .reverse();
}
