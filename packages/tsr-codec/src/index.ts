export { allClose, equal } from "./compare.js";
export { toFloat32 } from "./convert.js";
export { arange, full, ones, reshape, scalar, zeros } from "./create.js";
export {
  type DecodeOptions,
  decode,
  decodeInto,
  type ReadHeaderOptions,
  readHeader,
} from "./decode.js";
export { type Dtype, dtypes, elementSize, type Float16Data, type TensorData } from "./dtype.js";
export type { Scalar } from "./element.js";
export { byteLength, encode, encodeHeader, encodeInto, payloadBytes } from "./encode.js";
export { format } from "./format.js";
export { fromNested, type Nested, toNested } from "./nested.js";
export { isTensor, type Tensor, type TensorInput, type TensorType, tensor } from "./tensor.js";
export { type FieldValue, TsrError, type TsrErrorCode, type TsrErrorDetails } from "./tsr-error.js";
export { maxHeaderSize, type TsrHeader } from "./tsr-layout.js";
