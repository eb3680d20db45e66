import {
  type ContainerDtype,
  type ContainerEntry,
  containerDtypes,
  directoryEnd,
  payloadStart,
  readDirectory,
  writeDirectory,
} from "./container-layout.js";
import { crc32 } from "./crc32.js";
import {
  type DecodeOptions,
  type ReadHeaderOptions,
  readElements,
  resolveDecodeOptions,
  resolveHeaderOptions,
} from "./decode.js";
import { checkBytes } from "./dtype.js";
import { payloadBytes } from "./encode.js";
import { checkTensor, type Tensor, type TensorInput } from "./tensor.js";
import { invalidArgument, refuse } from "./tsr-error.js";
import { deflate, inflate } from "./zlib.js";

export type { ContainerDtype, ContainerEntry } from "./container-layout.js";

export interface EncodeContainerOptions {
  /** true: every tensor's data as a zlib stream (mode ZLIB). Default false (mode RAW). */
  compress?: boolean;
}

/**
 * A TSR 4.20 container of one or more tensors of dtype float32, float16, int8 or int32. Shapes are
 * written as N, H, W, C: one of fewer than four dimensions gets ones in front.
 * @throws TsrError `TSR_BAD_DTYPE` for another dtype; `TSR_INVALID_ARGUMENT` for no tensors, more than
 * 4 dimensions, a dimension of 0 or of 2^31 and more.
 */
export async function encodeContainer(
  tensors: readonly TensorInput[],
  options: EncodeContainerOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  if (!Array.isArray(tensors) || tensors.length === 0) {
    throw invalidArgument("tensors", "an array of at least one tensor", String(tensors));
  }
  const { compress = false } = options;
  const described = tensors.map(describe);
  const stored: Uint8Array[] = [];
  const entries: ContainerEntry[] = [];
  let end = directoryEnd(tensors.length);
  for (const { data, dtype, shape, elements } of described) {
    const payload = compress ? await deflate(data) : data;
    const offset = payloadStart(end, compress);
    const sizes = { dataBytes: data.length, storedBytes: payload.length };
    entries.push({ dtype, shape, elements, ...sizes, offset, crc: crc32(data) });
    stored.push(payload);
    end = offset + payload.length;
  }
  const file = new Uint8Array(end);
  entries.forEach(({ offset }, i) => {
    file.set(stored[i] as Uint8Array, offset);
  });
  writeDirectory(file, entries, compress);
  return file;
}

/**
 * The tensors of a TSR 4.20 container, their shapes as N, H, W, C. With `copy: false` those stored
 * without compression are views on `bytes`. `maxBytes` is for all tensors together.
 * @throws TsrError (as a rejection) with the code of the first fault.
 */
export async function decodeContainer(
  bytes: Uint8Array,
  options: DecodeOptions = {},
): Promise<Tensor<ContainerDtype>[]> {
  checkBytes(bytes, "bytes");
  const { copy, maxBytes } = resolveDecodeOptions(options);
  const { compressed, entries } = readDirectory(bytes, bytes.length, maxBytes);
  const sources: Source[] = [];
  for (const [i, entry] of entries.entries()) {
    const { offset, storedBytes, dataBytes } = entry;
    const stored = bytes.subarray(offset, offset + storedBytes);
    const source = compressed ? await inflate(stored, dataBytes, `tensor ${i}`) : stored;
    sources.push({ entry, source });
  }
  // After all streams, so that a broken one is found before a checksum that does not match.
  sources.forEach(({ entry, source }, i) => {
    const found = crc32(source);
    if (found !== entry.crc) {
      throw refuse("TSR_BAD_CRC", `data_crc32 of tensor ${i}`, entry.crc, found);
    }
  });
  return sources.map(({ entry: { dtype, shape, elements }, source }) => {
    const data = readElements(source, 0, dtype, elements, copy && !compressed);
    return { dtype, shape, data } as Tensor<ContainerDtype>;
  });
}

/** What header and directory of a container say. */
export interface ContainerHeader {
  readonly compressed: boolean;
  readonly tensors: readonly ContainerEntry[];
}

/**
 * What a container's header and directory say, without touching the data. `bytes` need to hold only these:
 * 128 bytes and 64 for each tensor, whose number is the uint32 at offset 16.
 * @throws TsrError with the code of the first fault. Whether all data are there is checked only when
 * `totalBytes` is given; checksums of data never are.
 */
export function readContainerHeader(
  bytes: Uint8Array,
  options: ReadHeaderOptions = {},
): ContainerHeader {
  checkBytes(bytes, "bytes");
  const { totalBytes, maxBytes } = resolveHeaderOptions(options);
  const { compressed, entries } = readDirectory(bytes, totalBytes, maxBytes);
  return { compressed, tensors: entries };
}

interface Source {
  readonly entry: ContainerEntry;
  /** The uncompressed data. */
  readonly source: Uint8Array;
}

function describe(tensor: TensorInput, index: number) {
  const elements = checkTensor(tensor);
  const dtype = containerDtypes.find((known) => known === tensor.dtype);
  if (dtype === undefined) {
    const remedy = "Convert it, or write it as TSR 1 with encode().";
    const expected = containerDtypes.join(" ");
    throw refuse("TSR_BAD_DTYPE", `tensors[${index}].dtype`, expected, tensor.dtype, remedy);
  }
  if (tensor.shape.length > 4 || tensor.shape.some((size) => size < 1 || size > 0x7fffffff)) {
    const expected = "up to 4 dimensions, each 1 to 2^31 - 1";
    throw invalidArgument(`tensors[${index}].shape`, expected, `[${tensor.shape.join(", ")}]`);
  }
  const shape = [...Array<number>(4 - tensor.shape.length).fill(1), ...tensor.shape];
  return { dtype, shape, elements, data: payloadBytes(tensor) };
}
