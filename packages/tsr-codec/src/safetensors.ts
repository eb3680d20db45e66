import { writeInt64 } from "./byte-order.js";
import { type DecodeOptions, readElements, resolveDecodeOptions } from "./decode.js";
import { checkBytes, sizeOf } from "./dtype.js";
import { payloadBytes } from "./encode.js";
import { readSafetensorsHeader, type TypeName, typeNames } from "./safetensors-header.js";
import { checkTensor, type Tensor, type TensorInput } from "./tensor.js";
import { invalidArgument } from "./tsr-error.js";

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

const nameOf = new Map(Object.entries(typeNames).map(([name, dtype]) => [dtype, name as TypeName]));

/**
 * Named tensors as a safetensors file, of every dtype. Data of larger elements come first, so that
 * every tensor is aligned and `decodeSafetensors` with `copy: false` gives views.
 * @throws TsrError `TSR_INVALID_ARGUMENT` for a name or metadata that the format does not take.
 */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, TensorInput> | Readonly<Record<string, TensorInput>>,
  options: EncodeSafetensorsOptions = {},
): Uint8Array<ArrayBuffer> {
  const named = [...(tensors instanceof Map ? tensors : Object.entries(tensors))] as [
    string,
    TensorInput,
  ][];
  for (const [name, tensor] of named) {
    checkTensor(tensor);
    if (typeof name !== "string" || name === "__metadata__" || !name.isWellFormed()) {
      const expected = 'a well-formed text other than "__metadata__"';
      throw invalidArgument("name", expected, JSON.stringify(name));
    }
  }
  const size = ({ dtype }: TensorInput) => sizeOf(dtype);
  named.sort(([a, x], [b, y]) => size(y) - size(x) || (a < b ? -1 : 1));

  const entries: [string, unknown][] = [];
  if (options.metadata !== undefined) {
    checkMetadata(options.metadata);
    entries.push(["__metadata__", options.metadata]);
  }
  let end = 0;
  for (const [name, { dtype, shape, data }] of named) {
    const begin = end;
    end += data.byteLength;
    entries.push([name, { dtype: nameOf.get(dtype), shape, data_offsets: [begin, end] }]);
  }
  // Built by hand: an object would put names like "0" first and lose "__proto__".
  const json = entries.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
  const text = new TextEncoder().encode(`{${json.join(",")}}`);
  const headerLength = Math.ceil(text.length / 8) * 8;
  const file = new Uint8Array(8 + headerLength + end);
  writeInt64(file, 0, headerLength);
  file.set(text, 8);
  file.fill(0x20, 8 + text.length, 8 + headerLength);
  let at = 8 + headerLength;
  for (const [, tensor] of named) {
    file.set(payloadBytes(tensor), at);
    at += tensor.data.byteLength;
  }
  return file;
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
  const { dataStart, entries, metadata } = readSafetensorsHeader(bytes, maxBytes);
  const tensors = new Map<string, Tensor>();
  for (const { name, dtype, shape, begin, elements } of entries) {
    const data = readElements(bytes, dataStart + begin, dtype, elements, copy);
    tensors.set(name, { dtype, shape, data } as Tensor);
  }
  return { tensors, metadata };
}

function checkMetadata(metadata: Readonly<Record<string, string>>): void {
  for (const [key, value] of Object.entries(metadata)) {
    if (typeof value !== "string" || !value.isWellFormed() || !key.isWellFormed()) {
      throw invalidArgument(`metadata.${key}`, "a well-formed text", typeof value);
    }
  }
}
