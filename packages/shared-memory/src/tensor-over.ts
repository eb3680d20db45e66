import { type Dtype, elementSize, type Tensor, type TensorData, zeros } from "@tr/tsr-codec";
import { bytesOf, type TensorEntry } from "./memory-field.js";

type ArrayType = new (buffer: ArrayBuffer, offset: number, length: number) => TensorData;
const arrayTypes = new Map<Dtype, ArrayType>();

/** A tensor over bytes that begin with its first element. */
export function tensorOver(buffer: ArrayBuffer, entry: TensorEntry, offset = 0): Tensor {
  const [, , dtype, shape] = entry;
  let type = arrayTypes.get(dtype);
  if (type === undefined) {
    type = zeros([0], dtype).data.constructor as ArrayType;
    arrayTypes.set(dtype, type);
  }
  const count = bytesOf(entry) / elementSize(dtype);
  return { dtype, shape, data: new type(buffer, offset, count) } as Tensor;
}
