import { copyOf, viewOf } from "./byte-order.js";
import { type Dtype, sizeOf } from "./dtype.js";
import { checkForeignShape, checkLimit, exactSize } from "./foreign-shape.js";
import { refuse, TsrError, trailing, truncated } from "./tsr-error.js";

// https://huggingface.co/docs/safetensors/index#format
export const typeNames = {
  F32: "float32",
  F16: "float16",
  BF16: "bfloat16",
  F64: "float64",
  I8: "int8",
  I16: "int16",
  I32: "int32",
  I64: "int64",
  U8: "uint8",
  U16: "uint16",
  U32: "uint32",
  U64: "uint64",
  BOOL: "bool",
} as const satisfies Record<string, Dtype>;

export type TypeName = keyof typeof typeNames;

/** The limit of the format's own readers. */
const longestHeader = 100_000_000;

export interface SafetensorsEntry {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** The product of the shape. */
  readonly elements: number;
  /** `elements` times the element size. */
  readonly payloadBytes: number;
  /** Where the elements start, from the start of the file. */
  readonly offset: number;
}

/** What the header of a safetensors file says. */
export interface SafetensorsHeader {
  /** Bytes before the data: the length's eight and the header's. */
  readonly headerSize: number;
  /** In the order of their data in the file. */
  readonly tensors: readonly SafetensorsEntry[];
  /** The texts under `__metadata__`; empty when there are none. */
  readonly metadata: Record<string, string>;
}

interface RawEntry {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly unknown[];
  readonly offsets: readonly [unknown, unknown];
}

/** Reads and checks the header; each check covers all entries before the next one starts. */
export function parseSafetensorsHeader(
  bytes: Uint8Array,
  totalBytes: number | undefined,
  maxBytes: number,
): SafetensorsHeader {
  if (bytes.length < 8) throw truncated("header", 8, bytes.length);
  const length = viewOf(bytes).getBigUint64(0, true);
  if (8n + length > bytes.length) throw truncated("header", 8n + length, bytes.length);
  if (length > longestHeader) {
    throw refuse("TSR_BAD_HEADER_SIZE", "header length", `at most ${longestHeader}`, length);
  }
  const dataStart = 8 + Number(length);
  const { metadata, raw } = parseJson(copyOf(bytes, 8, dataStart));
  const typed = raw.map((entry) => ({ ...entry, dtype: checkDtypeName(entry) }));
  for (const { name, shape } of typed) checkForeignShape(shape, `${JSON.stringify(name)}.shape`);
  const sized = typed.map(checkSize).sort((a, b) => a.begin - b.begin || a.end - b.end);
  const total = sized.reduce((sum, { size }) => sum + size, 0n);
  checkLimit(total, maxBytes);
  const end = BigInt(dataStart) + checkCoverage(sized);
  const found = totalBytes ?? Number(end);
  if (found < end) throw truncated("data", end, found);
  if (found > end) throw trailing(end, found);
  const tensors: SafetensorsEntry[] = sized.map(({ name, dtype, shape, size, begin }) => ({
    name,
    dtype,
    shape: shape as number[],
    elements: Number(size) / sizeOf(dtype),
    payloadBytes: Number(size),
    offset: dataStart + begin,
  }));
  return { headerSize: dataStart, tensors, metadata };
}

function parseJson(text: Uint8Array): { metadata: Record<string, string>; raw: RawEntry[] } {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(text));
  } catch (cause) {
    const found = cause instanceof Error ? cause.message : String(cause);
    const details = { field: "header", expected: "JSON in UTF-8", found, cause };
    throw new TsrError("TSR_BAD_HEADER_SIZE", details);
  }
  // The format wants the brace as the very first byte; JSON alone would allow blanks before it.
  if (text[0] !== 0x7b) throw malformed("header", "a JSON object from its first byte on", header);
  const { __metadata__: metadata = {}, ...rest } = header as Record<string, unknown>;
  if (!isRecord(metadata) || !Object.entries(metadata).flat().every(isText)) {
    throw malformed("__metadata__", "an object of well-formed texts", metadata);
  }
  const raw = Object.entries(rest).map(([name, entry]): RawEntry => {
    if (!isText(name)) throw malformed("name", "a well-formed text", name);
    const { dtype, shape, data_offsets: offsets } = isRecord(entry) ? entry : {};
    const pair = Array.isArray(offsets) && offsets.length === 2;
    if (typeof dtype !== "string" || !Array.isArray(shape) || !pair) {
      throw malformed(JSON.stringify(name), "{ dtype, shape, data_offsets: [begin, end] }", entry);
    }
    return { name, dtype, shape, offsets: offsets as [unknown, unknown] };
  });
  return { metadata: metadata as Record<string, string>, raw };
}

function checkDtypeName({ name, dtype }: RawEntry): Dtype {
  if (!Object.hasOwn(typeNames, dtype)) {
    const known = Object.keys(typeNames).join(" ");
    throw refuse("TSR_BAD_DTYPE", `${JSON.stringify(name)}.dtype`, known, dtype);
  }
  return typeNames[dtype as TypeName];
}

function checkSize(entry: Omit<RawEntry, "dtype"> & { dtype: Dtype }) {
  const { name, dtype, offsets } = entry;
  const shape = entry.shape as readonly number[];
  const [begin, end] = offsets as [number, number];
  const field = `${JSON.stringify(name)}.data_offsets`;
  if (!Number.isSafeInteger(begin) || !Number.isSafeInteger(end) || begin < 0 || end < begin) {
    throw refuse("TSR_BAD_OFFSET", field, "0 ≤ begin ≤ end", `[${begin}, ${end}]`);
  }
  const size = exactSize(shape, dtype);
  if (size !== BigInt(end - begin)) throw refuse("TSR_BAD_COUNT", field, size, end - begin);
  return { name, dtype, shape, size, begin, end };
}

/** Refuses data that overlap or leave a hole; returns where they end. `entries` are in order. */
function checkCoverage(entries: readonly { name: string; begin: number; end: number }[]): bigint {
  let last = 0;
  for (const { name, begin, end } of entries) {
    if (begin !== last) {
      throw refuse("TSR_BAD_OFFSET", `${JSON.stringify(name)}.data_offsets`, last, begin);
    }
    last = end;
  }
  return BigInt(last);
}

/** Half of a surrogate pair, which JSON can escape, is in no text that a file could hold again. */
function isText(value: unknown): boolean {
  return typeof value === "string" && value.isWellFormed();
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function malformed(field: string, expected: string, found: unknown): TsrError {
  const kind = Array.isArray(found) ? "an array" : found === null ? "null" : typeof found;
  return refuse("TSR_BAD_HEADER_SIZE", field, expected, kind);
}
