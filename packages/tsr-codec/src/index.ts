export {
  type DecodeOptions,
  decode,
  decodeInto,
  type ReadHeaderOptions,
  readHeader,
} from "./decode.js";
export { type Dtype, dtypes, elementSize, type Float16Data, type TensorData } from "./dtype.js";
export { byteLength, encode, encodeHeader, encodeInto, payloadBytes } from "./encode.js";
export { isTensor, type Tensor, type TensorInput, tensor } from "./tensor.js";
export { type FieldValue, TsrError, type TsrErrorCode, tsrErrorCodes } from "./tsr-error.js";
export { maxHeaderSize, type TsrHeader } from "./tsr-layout.js";
