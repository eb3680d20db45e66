import type { Float16Data, TensorData } from "./dtype.js";
import { elements } from "./element.js";
import { fromHalfBits } from "./half-float.js";
import { checkTensor, type Tensor, type TensorInput } from "./tensor.js";

interface Float16ArrayConstructor {
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): Float16Data & Iterable<number>;
}

// Chromium 135, Firefox 129, Safari 18.2 and Node 24 have it; converting is then native.
const Float16Array = (globalThis as { Float16Array?: Float16ArrayConstructor }).Float16Array;

/**
 * The values as float32: exact for float16, bfloat16 and integers below 2^24, rounded to the
 * nearest otherwise; bool gives 0 and 1. A float32 tensor is returned as it is, without a copy.
 */
export function toFloat32(tensor: TensorInput): Tensor<"float32"> {
  checkTensor(tensor);
  const { dtype, shape, data } = tensor;
  if (dtype === "float32") return tensor;
  return { dtype: "float32", shape: [...shape], data: toFloat32Array(tensor, data) };
}

function toFloat32Array({ dtype }: TensorInput, data: TensorData | Float16Data): Float32Array {
  if (dtype === "float16" && Float16Array !== undefined) {
    return new Float32Array(new Float16Array(data.buffer, data.byteOffset, data.length));
  }
  const stored = elements(data);
  const values = new Float32Array(data.length);
  if (dtype === "bfloat16") {
    // The upper half of a float32's bits, so no arithmetic is needed.
    const bits = new Uint32Array(values.buffer);
    for (let i = 0; i < bits.length; i++) bits[i] = Number(stored[i]) << 16;
  } else if (dtype === "float16") {
    for (let i = 0; i < values.length; i++) values[i] = fromHalfBits(Number(stored[i]), dtype);
  } else {
    for (let i = 0; i < values.length; i++) values[i] = Number(stored[i]);
  }
  return values;
}
