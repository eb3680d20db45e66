import { hostIsLittleEndian, swapBytes } from "./byte-order.js";
import { arrayOf, checkBytes, type Dtype, kindOf, sizeOf, type TensorData } from "./dtype.js";
import type { Tensor } from "./tensor.js";
import { invalidArgument } from "./tsr-error.js";
import { parseHeader, type TsrHeader } from "./tsr-layout.js";

export interface DecodeOptions {
  /**
   * false: `data` is a view on the given bytes where their alignment allows, so that it costs
   * nothing and changes with them. Default true: `data` is an array of its own.
   */
  copy?: boolean;
  /** The largest payload to accept, in bytes; Infinity for none. Default 2^31 - 1. */
  maxBytes?: number;
}

export interface ReadHeaderOptions {
  /** The size of the whole file in bytes, to have a truncated or overlong one refused. */
  totalBytes?: number;
  /** The largest payload to accept, in bytes. Default: no limit, since nothing is allocated. */
  maxBytes?: number;
}

/**
 * A TSR 1 or TSR 2 file's tensor. `bytes` are the whole file and nothing else.
 * @throws TsrError with the code of the first fault, before anything is allocated.
 */
export function decode(bytes: Uint8Array, options: DecodeOptions = {}): Tensor {
  checkBytes(bytes, "bytes");
  const { copy, maxBytes } = resolveDecodeOptions(options);
  const { dtype, shape, elements, headerSize } = parseHeader(bytes, bytes.length, maxBytes);
  const data = readElements(bytes, headerSize, dtype, elements, copy);
  return { dtype, shape, data } as Tensor;
}

/**
 * Like {@link decode}, copying into an array that is already there: its memory is warm, which makes
 * this several times as fast as a new array for large tensors.
 * @param target an array of the dtype's kind with room for the elements
 * @returns a tensor over the first elements of `target`
 * @throws TsrError as `decode` does, and `TSR_INVALID_ARGUMENT` when `target` does not fit.
 */
export function decodeInto<D extends Dtype>(
  bytes: Uint8Array,
  target: TensorData<D>,
  options: Pick<DecodeOptions, "maxBytes"> = {},
): Tensor<D> {
  const { dtype, shape, data: source } = decode(bytes, { ...options, copy: false });
  const wanted = kindOf(source);
  if (kindOf(target) !== wanted || target.length < source.length) {
    const found = `${kindOf(target)} of ${target?.length}`;
    throw invalidArgument("target", `${wanted} of ${source.length} or more`, found);
  }
  const data = target.subarray(0, source.length);
  (data as Uint8Array).set(source as Uint8Array);
  return { dtype, shape, data } as Tensor as Tensor<D>;
}

/**
 * What a TSR 1 or TSR 2 header says, without touching the payload: the cost does not depend on the
 * tensor's size. `bytes` need to hold only the header: the first 64 bytes, or for a file that may
 * be TSR 2 the first 320; a whole file does as well.
 * @throws TsrError with the code of the first fault. Whether all of the payload is there is checked
 * only when `totalBytes` is given.
 */
export function readHeader(bytes: Uint8Array, options: ReadHeaderOptions = {}): TsrHeader {
  checkBytes(bytes, "bytes");
  const { totalBytes, maxBytes } = resolveHeaderOptions(options);
  return parseHeader(bytes, totalBytes, maxBytes);
}

export function resolveHeaderOptions({ totalBytes, maxBytes = 2 ** 53 }: ReadHeaderOptions) {
  if (totalBytes !== undefined) checkLimit("totalBytes", totalBytes);
  checkLimit("maxBytes", maxBytes);
  return { totalBytes, maxBytes };
}

export function resolveDecodeOptions(options: DecodeOptions): Required<DecodeOptions> {
  const { copy = true, maxBytes = 2 ** 31 - 1 } = options;
  checkLimit("maxBytes", maxBytes);
  return { copy, maxBytes };
}

function checkLimit(field: string, bytes: number): void {
  if (typeof bytes !== "number" || !(bytes >= 0)) {
    throw invalidArgument(field, "a number of bytes, 0 or more", String(bytes));
  }
}

/** `count` little-endian elements from `at` on, which the caller has checked to be there. */
export function readElements<D extends Dtype>(
  bytes: Uint8Array,
  at: number,
  dtype: D,
  count: number,
  copy: boolean,
): TensorData<D> {
  const ArrayOf = arrayOf(dtype);
  const size = sizeOf(dtype);
  const start = bytes.byteOffset + at;
  if (!copy && (hostIsLittleEndian || size === 1) && start % size === 0) {
    return new ArrayOf(bytes.buffer, start, count);
  }
  const data = new ArrayOf(count);
  const into = new Uint8Array(data.buffer);
  into.set(bytes.subarray(at, at + count * size));
  if (!hostIsLittleEndian) swapBytes(into, size);
  return data;
}
