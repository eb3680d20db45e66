import { copyOf, viewOf, writeInt32, writeInt64 } from "./byte-order.js";
import { crc32 } from "./crc32.js";
import { sizeOf } from "./dtype.js";
import { refuse, tooLarge, trailing, truncated } from "./tsr-error.js";
import { checkZero } from "./tsr-layout.js";

export const containerMagic = "TSR4";

/** The dtypes of a TSR 4.20 container; the place in this list is the code in the file. */
export const containerDtypes = ["float32", "float16", "int8", "int32"] as const;

export type ContainerDtype = (typeof containerDtypes)[number];

const headerSize = 128;
const entrySize = 64;

/** One tensor of a container: what its directory entry says. */
export interface ContainerEntry {
  readonly dtype: ContainerDtype;
  /** N, H, W, C. */
  readonly shape: readonly number[];
  /** The product of the shape. */
  readonly elements: number;
  /** Bytes of the data, and as they are stored: the same unless compressed. */
  readonly dataBytes: number;
  readonly storedBytes: number;
  /** Where they are, from the start of the file. */
  readonly offset: number;
  /** CRC-32 of the uncompressed data. */
  readonly crc: number;
}

/** Where the next payload starts after `end`: RAW payloads are aligned, ZLIB ones are not. */
export function payloadStart(end: number, compressed: boolean): number {
  return compressed ? end : roundUp(end, 256);
}

export function directoryEnd(tensorCount: number): number {
  return headerSize + entrySize * tensorCount;
}

/** Writes file header and directory into `file`, whose length is the whole container's. */
export function writeDirectory(
  file: Uint8Array,
  entries: readonly ContainerEntry[],
  compressed: boolean,
): void {
  for (let i = 0; i < 4; i++) file[i] = containerMagic.charCodeAt(i);
  writeInt32(file, 4, (20 << 16) | 4);
  writeInt32(file, 8, headerSize);
  writeInt32(file, 12, compressed ? 1 : 0);
  writeInt32(file, 16, entries.length);
  writeInt32(file, 20, entrySize);
  writeInt64(file, 24, headerSize);
  writeInt64(file, 32, payloadStart(directoryEnd(entries.length), compressed));
  writeInt32(file, 40, crc32(file.subarray(0, headerSize)));
  entries.forEach((entry, i) => {
    const at = headerSize + entrySize * i;
    const size = sizeOf(entry.dtype);
    const [, , width, channels] = entry.shape as [number, number, number, number];
    file[at] = containerDtypes.indexOf(entry.dtype);
    entry.shape.forEach((dimension, axis) => {
      writeInt32(file, at + 4 + 4 * axis, dimension);
    });
    writeInt64(file, at + 20, entry.elements);
    writeInt64(file, at + 28, roundUp(width * channels * size, size === 4 ? 256 : 128));
    writeInt64(file, at + 36, entry.dataBytes);
    writeInt64(file, at + 44, entry.offset);
    writeInt64(file, at + 52, entry.storedBytes);
    writeInt32(file, at + 60, entry.crc);
  });
}

/**
 * Reads and checks file header and directory, and that the payloads fill the rest of the file. Each
 * check covers the header and all entries before the next one starts, in the order that the Python
 * package keeps as well.
 */
export function readDirectory(
  bytes: Uint8Array,
  totalBytes: number | undefined,
  maxBytes: number,
): { compressed: boolean; entries: ContainerEntry[] } {
  if (bytes.length < headerSize) throw truncated("header", headerSize, bytes.length);
  const view = viewOf(bytes);
  checkFixedFields(bytes, view);
  const count = view.getUint32(16, true);
  const end = directoryEnd(count);
  // Of a directory that is not whole no entry is looked at.
  const places =
    bytes.length < end ? [] : Array.from({ length: count }, (_, i) => headerSize + entrySize * i);
  checkReservedAndCrc(bytes, view, places);
  for (const at of places) {
    if (containerDtypes[bytes[at] as number] === undefined) {
      const known = containerDtypes.map((dtype, code) => `${code} (${dtype})`).join(", ");
      throw refuse("TSR_BAD_DTYPE", "dtype", known, bytes[at] as number);
    }
  }
  const mode = view.getUint32(12, true);
  if (mode > 1) throw refuse("TSR_BAD_MODE", "file_mode", "0 (RAW) or 1 (ZLIB)", mode);
  const compressed = mode === 1;
  for (const at of places) checkDimensions(view, at);
  if (count === 0) throw refuse("TSR_BAD_COUNT", "tensor_count", "1 or more", 0);
  const sizes = places.map((at) => checkCounts(view, at, compressed));
  const total = sizes.reduce((sum, { dataBytes }) => sum + dataBytes, 0n);
  const limit = Math.min(maxBytes, Number.MAX_SAFE_INTEGER);
  if (total > limit) throw tooLarge(total, limit);
  const last = checkOffsets(view, places, compressed);

  if (bytes.length < end) throw truncated("directory", end, bytes.length);
  const found = totalBytes ?? Number(last);
  if (found < last) throw truncated("payload", last, found);
  if (found > last) throw trailing(last, found);
  const entries = places.map((at, i) => readEntry(view, at, sizes[i] as Counts));
  let start = end;
  for (const { offset, storedBytes } of entries) {
    checkZero(bytes, start, offset, "padding");
    start = offset + storedBytes;
  }
  return { compressed, entries };
}

function checkFixedFields(bytes: Uint8Array, view: DataView): void {
  const found = String.fromCharCode(...bytes.subarray(0, 4));
  if (found !== containerMagic) {
    const remedy = found === "TSR!" ? "A TSR 1 or TSR 2 file is read by decode()." : undefined;
    const expected = `"${containerMagic}"`;
    throw refuse("TSR_BAD_MAGIC", "magic", expected, JSON.stringify(found), remedy);
  }
  const version = `${view.getUint16(4, true)}.${view.getUint16(6, true)}`;
  if (version !== "4.20") throw refuse("TSR_BAD_VERSION", "version", "4.20", version);
  for (const [field, at, size] of [
    ["header_size", 8, headerSize],
    ["entry_size", 20, entrySize],
  ] as const) {
    const value = view.getUint32(at, true);
    if (value !== size) throw refuse("TSR_BAD_HEADER_SIZE", field, size, value);
  }
}

function checkReservedAndCrc(bytes: Uint8Array, view: DataView, places: readonly number[]): void {
  checkZero(bytes, 44, headerSize, "reserved");
  for (const at of places) checkZero(bytes, at + 1, at + 4, "reserved");
  const header = copyOf(bytes, 0, headerSize).fill(0, 40, 44);
  const crc = view.getUint32(40, true);
  if (crc !== crc32(header)) throw refuse("TSR_BAD_CRC", "header_crc32", crc32(header), crc);
}

function shapeAt(view: DataView, at: number): number[] {
  return [4, 8, 12, 16].map((offset) => view.getInt32(at + offset, true));
}

function checkDimensions(view: DataView, at: number): void {
  shapeAt(view, at).forEach((size, axis) => {
    if (size < 1) throw refuse("TSR_BAD_DIMENSION", `shape[${axis}]`, "1 or more", size);
  });
}

interface Counts {
  readonly elements: bigint;
  readonly dataBytes: bigint;
}

function checkCounts(view: DataView, at: number, compressed: boolean): Counts {
  const elements = shapeAt(view, at).reduce((product, size) => product * BigInt(size), 1n);
  const numel = view.getBigInt64(at + 20, true);
  if (numel !== elements) throw refuse("TSR_BAD_COUNT", "numel", elements, numel);
  const dtype = containerDtypes[view.getUint8(at)] as ContainerDtype;
  const dataBytes = elements * BigInt(sizeOf(dtype));
  const nbytes = view.getBigUint64(at + 36, true);
  if (nbytes !== dataBytes) throw refuse("TSR_BAD_COUNT", "nbytes", dataBytes, nbytes);
  const stored = view.getBigUint64(at + 52, true);
  if (!compressed && stored !== dataBytes) {
    throw refuse("TSR_BAD_COUNT", "payload_size", dataBytes, stored);
  }
  return { elements, dataBytes };
}

/** Every offset has one right value; returns where the last payload must end. */
function checkOffsets(view: DataView, places: readonly number[], compressed: boolean): bigint {
  const next = (end: bigint) => (compressed ? end : (end + 255n) & ~255n);
  const expect = (field: string, at: number, expected: bigint) => {
    const found = view.getBigUint64(at, true);
    if (found !== expected) throw refuse("TSR_BAD_OFFSET", field, expected, found);
  };
  expect("directory_offset", 24, BigInt(headerSize));
  let end = BigInt(directoryEnd(view.getUint32(16, true)));
  expect("data_offset", 32, next(end));
  for (const at of places) {
    expect("entry.data_offset", at + 44, next(end));
    end = next(end) + view.getBigUint64(at + 52, true);
  }
  return end;
}

function readEntry(view: DataView, at: number, { elements, dataBytes }: Counts): ContainerEntry {
  return {
    dtype: containerDtypes[view.getUint8(at)] as ContainerDtype,
    shape: shapeAt(view, at),
    elements: Number(elements),
    dataBytes: Number(dataBytes),
    storedBytes: Number(view.getBigUint64(at + 52, true)),
    offset: Number(view.getBigUint64(at + 44, true)),
    crc: view.getUint32(at + 60, true),
  };
}

function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}
