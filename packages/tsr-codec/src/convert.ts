import type { Float16Data } from "./dtype.js";
import { valueReader } from "./element.js";
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
  if (tensor.dtype === "float32") return tensor;
  return { dtype: "float32", shape: [...tensor.shape], data: convert(tensor) };
}

function convert({ dtype, data }: TensorInput): Float32Array {
  if (dtype === "float16" && Float16Array !== undefined) {
    return new Float32Array(new Float16Array(data.buffer, data.byteOffset, data.length));
  }
  const values = new Float32Array(data.length);
  if (dtype === "bfloat16") {
    // The upper half of a float32's bits, so no arithmetic is needed.
    const bits = new Uint32Array(values.buffer);
    for (let i = 0; i < bits.length; i++) bits[i] = ((data as Uint16Array)[i] as number) << 16;
  } else {
    const read = valueReader({ dtype, data });
    for (let i = 0; i < values.length; i++) values[i] = Number(read(i));
  }
  return values;
}
