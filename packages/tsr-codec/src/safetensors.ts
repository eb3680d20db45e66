import { writeInt64 } from "./byte-order.js";
import {
  type DecodeOptions,
  type ReadHeaderOptions,
  readElements,
  resolveDecodeOptions,
  resolveHeaderOptions,
} from "./decode.js";
import { checkBytes, sizeOf } from "./dtype.js";
import { payloadBytes } from "./encode.js";
import {
  parseSafetensorsHeader,
  type SafetensorsHeader,
  type TypeName,
  typeNames,
} from "./safetensors-header.js";
import { checkTensor, type Tensor, type TensorInput, type TensorType } from "./tensor.js";
import { invalidArgument } from "./tsr-error.js";

export type { SafetensorsEntry, SafetensorsHeader } from "./safetensors-header.js";

export interface Safetensors {
  /** In the order of their data in the file. */
  readonly tensors: Map<string, Tensor>;
  /** The texts under `__metadata__`; empty when there are none. */
  readonly metadata: Record<string, string>;
}

export interface EncodeSafetensorsOptions {
  /** Texts to store beside the tensors. Default: none. */
  metadata?: Readonly<Record<string, string>>;
}

type Named<T> = ReadonlyMap<string, T> | Readonly<Record<string, T>>;

const nameOf = new Map(Object.entries(typeNames).map(([name, dtype]) => [dtype, name as TypeName]));

/**
 * Named tensors as a safetensors file, of every dtype. Data of larger elements come first, so that
 * every tensor is aligned and `decodeSafetensors` with `copy: false` gives views.
 * @throws TsrError `TSR_INVALID_ARGUMENT` for a name or metadata that the format does not take.
 */
export function encodeSafetensors(
  tensors: Named<TensorInput>,
  options: EncodeSafetensorsOptions = {},
): Uint8Array<ArrayBuffer> {
  const named = entriesOf(tensors);
  for (const tensor of named.values()) checkTensor(tensor);
  const { header, order } = encodeSafetensorsHeader(named, options);
  const payloads = order.map((name) => payloadBytes(named.get(name) as TensorInput));
  const file = new Uint8Array(payloads.reduce((sum, { length }) => sum + length, header.length));
  file.set(header);
  let at = header.length;
  for (const payload of payloads) {
    file.set(payload, at);
    at += payload.length;
  }
  return file;
}

/**
 * What a safetensors file starts with, followed by the `payloadBytes()` of the tensors in `order`, without
 * gaps. The tensors may be without their `data`.
 * @throws TsrError `TSR_INVALID_ARGUMENT` for a name or metadata that the format does not take.
 */
export function encodeSafetensorsHeader(
  tensors: Named<TensorInput | TensorType>,
  options: EncodeSafetensorsOptions = {},
): { header: Uint8Array<ArrayBuffer>; order: string[] } {
  const named = [...entriesOf(tensors)].map(([name, tensor]) => {
    const elements = checkTensor(tensor, true);
    return { name, tensor, elements, size: sizeOf(tensor.dtype) };
  });
  for (const { name } of named) {
    if (typeof name !== "string" || name === "__metadata__" || !name.isWellFormed()) {
      const expected = 'a well-formed text other than "__metadata__"';
      throw invalidArgument("name", expected, JSON.stringify(name));
    }
  }
  named.sort((a, b) => b.size - a.size || (a.name < b.name ? -1 : 1));

  const entries: [string, unknown][] = [];
  if (options.metadata !== undefined) {
    checkMetadata(options.metadata);
    entries.push(["__metadata__", options.metadata]);
  }
  let end = 0;
  for (const { name, size, elements, tensor } of named) {
    const { dtype, shape } = tensor;
    const begin = end;
    end += elements * size;
    entries.push([name, { dtype: nameOf.get(dtype), shape, data_offsets: [begin, end] }]);
  }
  // Built by hand: an object would put names like "0" first and lose "__proto__".
  const json = entries.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
  const text = new TextEncoder().encode(`{${json.join(",")}}`);
  const headerLength = Math.ceil(text.length / 8) * 8;
  const header = new Uint8Array(8 + headerLength).fill(0x20);
  writeInt64(header, 0, headerLength);
  header.set(text, 8);
  return { header, order: named.map(({ name }) => name) };
}

function entriesOf<T>(tensors: Named<T>): ReadonlyMap<string, T> {
  return tensors instanceof Map ? tensors : new Map(Object.entries(tensors));
}

/**
 * The tensors and the metadata of a safetensors file. `maxBytes` is for all tensors together. With
 * `copy: false` aligned tensors are views on `bytes`.
 * @throws TsrError with the code of the first fault: `TSR_BAD_DTYPE` for the 8-bit floats and other
 * dtypes that a tensor here cannot have, `TSR_BAD_OFFSET` where data overlap or leave a hole,
 * `TSR_BAD_HEADER_SIZE` for a header that is no JSON of the format.
 */
export function decodeSafetensors(bytes: Uint8Array, options: DecodeOptions = {}): Safetensors {
  checkBytes(bytes, "bytes");
  const { copy, maxBytes } = resolveDecodeOptions(options);
  const header = parseSafetensorsHeader(bytes, bytes.length, maxBytes);
  const tensors = new Map<string, Tensor>();
  for (const { name, dtype, shape, offset, elements } of header.tensors) {
    const data = readElements(bytes, offset, dtype, elements, copy);
    tensors.set(name, { dtype, shape, data } as Tensor);
  }
  return { tensors, metadata: header.metadata };
}

/**
 * What a safetensors header says, without touching the data. `bytes` need to hold only the header: its first
 * eight bytes are the length of what follows, little-endian.
 * @throws TsrError with the code of the first fault. Whether all data are there is checked only when
 * `totalBytes` is given.
 */
export function readSafetensorsHeader(
  bytes: Uint8Array,
  options: ReadHeaderOptions = {},
): SafetensorsHeader {
  checkBytes(bytes, "bytes");
  const { totalBytes, maxBytes } = resolveHeaderOptions(options);
  return parseSafetensorsHeader(bytes, totalBytes, maxBytes);
}

function checkMetadata(metadata: Readonly<Record<string, string>>): void {
  for (const [key, value] of Object.entries(metadata)) {
    if (typeof value !== "string" || !value.isWellFormed() || !key.isWellFormed()) {
      throw invalidArgument(`metadata.${key}`, "a well-formed text", typeof value);
    }
  }
}
