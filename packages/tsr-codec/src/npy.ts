import { copyOf, hostIsLittleEndian, swapBytes, viewOf } from "./byte-order.js";
import {
  type DecodeOptions,
  type ReadHeaderOptions,
  readElements,
  resolveDecodeOptions,
  resolveHeaderOptions,
} from "./decode.js";
import { checkBytes, type Dtype, sizeOf } from "./dtype.js";
import { allocate, elements } from "./element.js";
import { payloadBytes } from "./encode.js";
import { checkForeignShape, checkLimit, exactSize } from "./foreign-shape.js";
import { type NpyDict, parseNpyDict } from "./npy-header.js";
import { checkTensor, type Tensor, type TensorInput, type TensorType } from "./tensor.js";
import { refuse, trailing, truncated } from "./tsr-error.js";

// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
const magic = "\x93NUMPY";

/** numpy itself refuses headers above 10,000 characters; 32 dimensions need far fewer. */
const longestHeader = 65_535;

const typeCodes: Partial<Record<Dtype, string>> = {
  float32: "<f4",
  float16: "<f2",
  float64: "<f8",
  int8: "|i1",
  int16: "<i2",
  int32: "<i4",
  int64: "<i8",
  uint8: "|u1",
  uint16: "<u2",
  uint32: "<u4",
  uint64: "<u8",
  bool: "|b1",
};

/** What the header of an npy file says. */
export interface NpyHeader {
  readonly version: "1.0" | "2.0" | "3.0";
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** The product of the shape. */
  readonly elements: number;
  /** Bytes before the elements. */
  readonly headerSize: number;
  /** `elements` times the element size. */
  readonly payloadBytes: number;
  /** The first axis varies fastest. */
  readonly fortranOrder: boolean;
  readonly bigEndian: boolean;
}

/**
 * A tensor as an npy file (version 1.0, C order), the same bytes that `numpy.save` writes.
 * @throws TsrError `TSR_BAD_DTYPE` for bfloat16, which the format does not have.
 */
export function encodeNpy(tensor: TensorInput): Uint8Array<ArrayBuffer> {
  checkTensor(tensor);
  const header = encodeNpyHeader(tensor);
  const payload = payloadBytes(tensor);
  const file = new Uint8Array(header.length + payload.length);
  file.set(header);
  file.set(payload, header.length);
  return file;
}

/**
 * What an npy file starts with, followed by `payloadBytes()`. The tensor may be without its `data`.
 * @throws TsrError `TSR_BAD_DTYPE` for bfloat16, which the format does not have.
 */
export function encodeNpyHeader(tensor: TensorInput | TensorType): Uint8Array<ArrayBuffer> {
  checkTensor(tensor, true);
  const { dtype, shape } = tensor;
  const code = typeCodes[dtype];
  if (code === undefined) {
    const known = Object.keys(typeCodes).join(" ");
    throw refuse("TSR_BAD_DTYPE", "dtype", known, dtype, "Convert it with toFloat32().");
  }
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
  const dict = `{'descr': '${code}', 'fortran_order': False, 'shape': ${tuple}, }`;
  // numpy leaves room for the first dimension to grow to 21 digits, then fills up to a multiple of 64
  // bytes, the line feed at the end included.
  const room = shape.length === 0 ? 0 : 21 - String(shape[0]).length;
  const start = Math.ceil((10 + dict.length + room + 1) / 64) * 64;
  const header = new Uint8Array(start);
  for (let i = 0; i < 6; i++) header[i] = magic.charCodeAt(i);
  header[6] = 1;
  viewOf(header).setUint16(8, start - 10, true);
  header.set(new TextEncoder().encode(`${dict.padEnd(start - 11)}\n`), 10);
  return header;
}

/**
 * The tensor of an npy file, versions 1.0 to 3.0. Fortran order is transposed to C order, and
 * big-endian data are swapped: both keep every value, and refusing them would send the user back to
 * Python for a conversion. `copy: false` gives a view where neither is needed and the alignment
 * allows it.
 * @throws TsrError with the code of the first fault: `TSR_BAD_DTYPE` for complex, text, object, date
 * and structured arrays, `TSR_BAD_HEADER_SIZE` for a header that is no such dict.
 */
export function decodeNpy(bytes: Uint8Array, options: DecodeOptions = {}): Tensor {
  checkBytes(bytes, "bytes");
  const { copy, maxBytes } = resolveDecodeOptions(options);
  const header = parseHeader(bytes, bytes.length, maxBytes);
  const { dtype, shape, elements: count, headerSize: start, fortranOrder, bigEndian } = header;
  const transpose = fortranOrder && shape.filter((dimension) => dimension > 1).length > 1;
  // A transposed copy is made below, so the first one may be spared.
  const view = bigEndian ? false : transpose || !copy;
  let data = readElements(bytes, start, dtype, count, !view);
  if (bigEndian) swapBytes(new Uint8Array(data.buffer), sizeOf(dtype));
  if (transpose) {
    const out = allocate(dtype, count);
    fromFortranOrder(elements(data), elements(out), shape);
    data = out;
  }
  return { dtype, shape, data } as Tensor;
}

/**
 * What an npy header says, without touching the elements. `bytes` need to hold only the header, which is
 * 65,547 bytes at most, and as numpy writes it hardly ever more than 128.
 * @throws TsrError with the code of the first fault. Whether all elements are there is checked only when
 * `totalBytes` is given.
 */
export function readNpyHeader(bytes: Uint8Array, options: ReadHeaderOptions = {}): NpyHeader {
  checkBytes(bytes, "bytes");
  const { totalBytes, maxBytes } = resolveHeaderOptions(options);
  return parseHeader(bytes, totalBytes, maxBytes);
}

function parseHeader(
  bytes: Uint8Array,
  totalBytes: number | undefined,
  maxBytes: number,
): NpyHeader {
  const { version, start, dict } = readDict(bytes);
  const { dtype, bigEndian } = dtypeOf(dict);
  const { shape, fortranOrder } = dict;
  checkForeignShape(shape, "shape");
  const size = checkLimit(exactSize(shape, dtype), maxBytes);
  const total = start + size;
  const found = totalBytes ?? total;
  if (found < total) throw truncated("payload", total, found);
  if (found > total) throw trailing(total, found);
  return {
    ...{ version, dtype, shape, fortranOrder, bigEndian },
    ...{ elements: size / sizeOf(dtype), headerSize: start, payloadBytes: size },
  };
}

function readDict(bytes: Uint8Array): {
  version: NpyHeader["version"];
  start: number;
  dict: NpyDict;
} {
  if (bytes.length < 10) throw truncated("header", 10, bytes.length);
  const view = viewOf(bytes);
  const found = String.fromCharCode(...bytes.subarray(0, 6));
  if (found !== magic) {
    throw refuse("TSR_BAD_MAGIC", "magic", JSON.stringify(magic), JSON.stringify(found));
  }
  const version = `${bytes[6]}.${bytes[7]}`;
  if (!/^[123]\.0$/.test(version)) {
    throw refuse("TSR_BAD_VERSION", "version", "1.0, 2.0 or 3.0", version);
  }
  const at = version === "1.0" ? 10 : 12;
  if (bytes.length < at) throw truncated("header", at, bytes.length);
  const length = at === 10 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (bytes.length < at + length) throw truncated("header", at + length, bytes.length);
  if (length > longestHeader) {
    throw refuse("TSR_BAD_HEADER_SIZE", "header length", `at most ${longestHeader}`, length);
  }
  const text = new TextDecoder().decode(copyOf(bytes, at, at + length));
  return {
    version: version as NpyHeader["version"],
    start: at + length,
    dict: parseNpyDict(text),
  };
}

const dtypeByLetters = new Map(
  Object.entries(typeCodes).map(([dtype, code]) => [code.slice(1), dtype as Dtype]),
);

function dtypeOf({ descr }: NpyDict): { dtype: Dtype; bigEndian: boolean } {
  const order = descr?.slice(0, 1) ?? "";
  const dtype = dtypeByLetters.get(descr?.slice(1) ?? "");
  if (dtype === undefined || !"<>|=".includes(order)) {
    const known = Object.values(typeCodes).join(" ");
    throw refuse("TSR_BAD_DTYPE", "descr", known, descr ?? "a structured dtype");
  }
  // "=" is the byte order of the machine that wrote the file, which hardly any writer leaves in.
  return { dtype, bigEndian: order === ">" || (order === "=" && !hostIsLittleEndian) };
}

/** Walks the target in C order; in the source the first axis varies fastest. */
function fromFortranOrder(
  source: ReturnType<typeof elements>,
  target: ReturnType<typeof elements>,
  shape: readonly number[],
): void {
  const strides = shape.map((_, axis) =>
    shape.slice(0, axis).reduce((product, size) => product * size, 1),
  );
  const index = shape.map(() => 0);
  let from = 0;
  for (let to = 0; to < target.length; to++) {
    target[to] = source[from] as number;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const stride = strides[axis] as number;
      from += stride;
      index[axis] = (index[axis] as number) + 1;
      if (index[axis] !== shape[axis]) break;
      from -= stride * (shape[axis] as number);
      index[axis] = 0;
    }
  }
}
