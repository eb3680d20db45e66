import { viewOf } from "./byte-order.js";
import { codeOf, type Dtype, dtypes, sizeOf } from "./dtype.js";
import { maxNdim, maxSafe } from "./tensor.js";
import { refuse, tooLarge, trailing, truncated } from "./tsr-error.js";

const magic = "TSR!";

/** The magic as the little-endian number that its four bytes are. */
export const magicWord = 0x21525354;

/** Bytes of a TSR 1 header, and of the fixed part of a TSR 2 header. */
export const fixedHeaderSize = 64;

/** The longest header: a file's first 320 bytes are enough to read any. */
export const maxHeaderSize = fixedHeaderSize + 8 * maxNdim;

/** What the header of a TSR 1 or TSR 2 file says. */
export interface TsrHeader {
  readonly version: 1 | 2;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** The product of the shape. */
  readonly elements: number;
  /** Bytes before the payload: 64, or more in version 2. */
  readonly headerSize: number;
  /** `elements` times the element size. */
  readonly payloadBytes: number;
}

/** Version 2: 64 + 8 · ndim rounded up to a multiple of 64. */
export function headerSizeOf(version: number, ndim: number): number {
  return version === 1 ? fixedHeaderSize : Math.ceil((fixedHeaderSize + 8 * ndim) / 64) * 64;
}

/**
 * Reads and checks a header; the order of the checks decides which code an input with several
 * faults gets, and is the same in the Python package.
 * @param bytes the file, or at least its header
 * @param totalBytes the size of the whole file, or undefined to leave it unchecked
 */
export function parseHeader(
  bytes: Uint8Array,
  totalBytes: number | undefined,
  maxBytes: number,
): TsrHeader {
  if (bytes.length < fixedHeaderSize) throw truncated("header", fixedHeaderSize, bytes.length);
  const view = viewOf(bytes);
  const { version, headerSize, ndim } = checkFixedFields(bytes, view);
  const code = view.getInt32(16, true);
  const dtype = dtypes.find((known) => codeOf(known) === code);
  if (dtype === undefined) {
    const known = dtypes.map((name) => `${codeOf(name)} (${name})`).join(", ");
    throw refuse("TSR_BAD_DTYPE", "dtype", known, code);
  }
  const highest = version === 1 ? 4 : maxNdim;
  if (ndim < 0 || ndim > highest) throw refuse("TSR_BAD_NDIM", "ndim", `0 to ${highest}`, ndim);
  if (bytes.length < headerSize) throw truncated("header", headerSize, bytes.length);

  const shape = readShape(view, version, ndim);
  const elements = shape.reduce((product, size) => product * size, 1n);
  const claimed = view.getBigInt64(40, true);
  if (claimed !== elements) throw refuse("TSR_BAD_COUNT", "total_elements", elements, claimed);

  const payload = elements * BigInt(sizeOf(dtype));
  // Above 2^53 - 1 a number is not exact: refused whatever the limit, so that no header says more.
  const limit = Math.min(maxBytes, maxSafe);
  if (payload > limit) throw tooLarge(payload, limit);
  const total = Number(payload) + headerSize;
  const found = totalBytes ?? total;
  if (found < total) throw truncated("payload", total, found);
  if (found > total) throw trailing(total, found);
  return {
    version,
    dtype,
    shape: shape.map(Number),
    elements: Number(elements),
    headerSize,
    payloadBytes: Number(payload),
  };
}

/** Magic, version, header size and the fields that must be zero. */
function checkFixedFields(bytes: Uint8Array, view: DataView) {
  const found = String.fromCharCode(...bytes.subarray(0, 4));
  if (found !== magic) {
    const remedy = "decodeContainer() of /v4 reads TSR4.";
    throw refuse("TSR_BAD_MAGIC", "magic", magic, JSON.stringify(found), remedy);
  }
  const version = view.getInt32(4, true);
  if (version !== 1 && version !== 2) throw refuse("TSR_BAD_VERSION", "version", "1 or 2", version);
  const headerSize = view.getInt32(8, true);
  const ndim = view.getInt32(20, true);
  const wanted = headerSizeOf(version, ndim);
  if (headerSize !== wanted) throw refuse("TSR_BAD_HEADER_SIZE", "header_size", wanted, headerSize);

  checkZero(bytes, 12, 16, "reserved_1");
  if (version === 2) checkZero(bytes, 24, 40, "dims");
  checkZero(bytes, 48, 56, "reserved_2");
  checkZero(bytes, 56, 64, "reserved_3");
  if (version === 2) {
    checkZero(bytes, fixedHeaderSize + 8 * Math.max(ndim, 0), headerSize, "padding");
  }
  return { version, headerSize, ndim } as const;
}

function readShape(view: DataView, version: number, ndim: number): bigint[] {
  const end = 40; // of the four dims, which are aligned to it
  for (let at = 24; version === 1 && at < end - 4 * ndim; at += 4) {
    const unused = view.getInt32(at, true);
    if (unused !== 1) throw refuse("TSR_BAD_DIMENSION", "unused dims", 1, unused);
  }
  return Array.from({ length: ndim }, (_, i) => {
    const size =
      version === 1
        ? BigInt(view.getInt32(end - 4 * (ndim - i), true))
        : view.getBigInt64(fixedHeaderSize + 8 * i, true);
    if (size < 0n || size > maxSafe) {
      throw refuse("TSR_BAD_DIMENSION", `dimension ${i}`, "0 to 2^53 - 1", size);
    }
    return size;
  });
}

/** Refuses a byte other than 0 from `start` up to `end`, as far as there are bytes. */
export function checkZero(bytes: Uint8Array, start: number, end: number, field: string): void {
  const stop = Math.min(end, bytes.length);
  for (let at = start; at < stop; at++) {
    if (bytes[at] !== 0) {
      throw refuse("TSR_BAD_RESERVED", field, "only zero bytes", `${bytes[at]} at offset ${at}`);
    }
  }
}
