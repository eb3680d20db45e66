import { hostIsLittleEndian, swapBytes, writeInt32, writeInt64 } from "./byte-order.js";
import { checkBytes, codeOf, sizeOf } from "./dtype.js";
import { checkTensor, type TensorInput, type TensorType } from "./tensor.js";
import { invalidArgument } from "./tsr-error.js";
import { fixedHeaderSize, headerSizeOf, magicWord } from "./tsr-layout.js";

/**
 * The tensor as a TSR file: header and payload, little-endian. TSR version 1 wherever it fits
 * (up to 4 dimensions, each below 2^31), version 2 otherwise.
 * @throws TsrError `TSR_INVALID_ARGUMENT` when the tensor's parts do not fit each other.
 */
export function encode(tensor: TensorInput): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(byteLength(tensor));
  writeTensor(tensor, bytes, 0);
  return bytes;
}

/**
 * Writes what {@link encode} returns into `target` from `offset` on, without allocating.
 * @returns the number of bytes written
 * @throws TsrError `TSR_INVALID_ARGUMENT` when the tensor is not one, or `target` has no room.
 */
export function encodeInto(tensor: TensorInput, target: Uint8Array, offset = 0): number {
  const length = byteLength(tensor);
  checkBytes(target, "target");
  if (!Number.isSafeInteger(offset) || offset < 0) {
    throw invalidArgument("offset", "an integer of 0 or more", String(offset));
  }
  if (target.length - offset < length) {
    throw invalidArgument("target", `${length} bytes from offset ${offset} on`, target.length);
  }
  writeTensor(tensor, target, offset);
  return length;
}

/**
 * The header alone: what a file starts with, followed by {@link payloadBytes}. The tensor may be without
 * its `data`: a file can be written from elements that are elsewhere.
 */
export function encodeHeader(tensor: TensorInput | TensorType): Uint8Array<ArrayBuffer> {
  const count = checkTensor(tensor, true);
  const header = new Uint8Array(headerSize(tensor));
  writeHeader(tensor, count, header, 0);
  return header;
}

/**
 * The elements as little-endian bytes: a view on `tensor.data`, not a copy (on a big-endian machine
 * a swapped copy).
 */
export function payloadBytes(tensor: TensorInput): Uint8Array {
  checkTensor(tensor);
  return littleEndianBytes(tensor);
}

/** The size of the encoded tensor in bytes: header and payload. */
export function byteLength(tensor: TensorInput): number {
  return checkTensor(tensor) * sizeOf(tensor.dtype) + headerSize(tensor);
}

function writeTensor(tensor: TensorInput, target: Uint8Array, at: number): void {
  // The payload first: where the tensor's data lie in `target` themselves, the header must not
  // overwrite them before they have moved.
  target.set(littleEndianBytes(tensor), at + headerSize(tensor));
  writeHeader(tensor, tensor.data.length, target, at);
}

function littleEndianBytes({ dtype, data }: TensorInput): Uint8Array {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const size = sizeOf(dtype);
  if (hostIsLittleEndian || size === 1) return bytes;
  const swapped = bytes.slice();
  swapBytes(swapped, size);
  return swapped;
}

function versionOf({ shape }: TensorType): 1 | 2 {
  return shape.length > 4 || shape.some((size) => size > 0x7fffffff) ? 2 : 1;
}

function headerSize(tensor: TensorType): number {
  return headerSizeOf(versionOf(tensor), tensor.shape.length);
}

function writeHeader(tensor: TensorType, count: number, target: Uint8Array, at: number): void {
  const { dtype, shape } = tensor;
  const size = headerSize(tensor);
  const version = versionOf(tensor);
  const dims = version === 1 ? [1, 1, 1, 1, ...shape].slice(-4) : [0, 0, 0, 0];
  target.fill(0, at, at + size);
  [magicWord, version, size, 0, codeOf(dtype), shape.length, ...dims].forEach((word, i) => {
    writeInt32(target, at + 4 * i, word);
  });
  writeInt64(target, at + 40, count);
  if (version === 1) return;
  shape.forEach((dimension, axis) => {
    writeInt64(target, at + fixedHeaderSize + 8 * axis, dimension);
  });
}
