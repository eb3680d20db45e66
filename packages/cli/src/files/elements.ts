import type { FileHandle } from "node:fs/promises";
import { type Dtype, payloadBytes, type Tensor, toFloat32 } from "@tr/tsr-codec";
import { decodeNpy } from "@tr/tsr-codec/npy";
import { decodeContainer } from "@tr/tsr-codec/v4";
import { inFile } from "./file-error.js";
import { readInto } from "./read-bytes.js";
import type { StoredTensor, TensorFile } from "./tensor-file.js";

/** The elements of a file's tensors as TSR stores them, piece by piece. */
export type ReadElements = (
  tensor: StoredTensor,
) => AsyncGenerator<Uint8Array> | Generator<Uint8Array>;

/** What is in memory of a file that is copied: large enough for the speed of the disk. */
const pieceBytes = 1 << 20;

/**
 * Elements that lie in the file as they are wanted pass through a buffer of 1 MiB. The others are decoded
 * first, the file as a whole: a container, whose checksums are looked at, and npy files in Fortran order or
 * big-endian.
 */
export async function elementsOf(file: TensorFile, handle: FileHandle): Promise<ReadElements> {
  const isContainer = file.version === "4.20";
  if (!isContainer && file.flags.length === 0) return (tensor) => readPieces(handle, tensor);
  const bytes = await readInto(handle, new Uint8Array(file.fileBytes), 0);
  const options = { copy: false, maxBytes: Number.POSITIVE_INFINITY };
  const decoded: Tensor[] = await inFile(file.path, () =>
    isContainer ? decodeContainer(bytes, options) : [decodeNpy(bytes, options)],
  );
  return (tensor) => piecesOf(payloadBytes(decoded[file.tensors.indexOf(tensor)] as Tensor));
}

async function* readPieces(handle: FileHandle, { offset, payloadBytes: size }: StoredTensor) {
  const buffer = new Uint8Array(Math.min(pieceBytes, size));
  for (let at = 0; at < size; at += pieceBytes) {
    const wanted = buffer.subarray(0, size - at);
    const piece = await readInto(handle, wanted, offset + at);
    if (piece.length < wanted.length) throw new Error("the file was cut while it was read");
    yield piece;
  }
}

function* piecesOf(bytes: Uint8Array) {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}

/** The piece's 16-bit floats as float32. */
export function widen(piece: Uint8Array, dtype: Dtype): Uint8Array {
  const data = new Uint16Array(piece.buffer, piece.byteOffset, piece.length / 2);
  return payloadBytes(toFloat32({ dtype, shape: [data.length], data } as Tensor));
}
