import { describe, expect, it } from "vitest";
import { acceptFiles, type Format, readFixture, rejectFiles } from "../test/golden.js";
import { readHeader } from "./decode.js";
import { encode, encodeHeader, payloadBytes } from "./encode.js";
import { encodeNpy, encodeNpyHeader, readNpyHeader } from "./npy.js";
import {
  encodeSafetensors,
  encodeSafetensorsHeader,
  readSafetensorsHeader,
} from "./safetensors.js";
import type { Tensor } from "./tensor.js";
import { TsrError } from "./tsr-error.js";
import { readContainerHeader } from "./v4.js";

/** What the header reader of a format says of each tensor. */
function readAs(format: Format, bytes: Uint8Array, totalBytes?: number) {
  const maxBytes = 2 ** 31 - 1; // as for whole files, so that the codes can be compared
  const options = { maxBytes, ...(totalBytes !== undefined && { totalBytes }) };
  switch (format) {
    case "TSR4":
      return readContainerHeader(bytes, options).tensors;
    case "safetensors":
      return readSafetensorsHeader(bytes, options).tensors;
    case "npy":
      return [readNpyHeader(bytes, options)];
    default:
      return [readHeader(bytes, options)];
  }
}

/** Where a file's header ends, computed here from its fields. */
function headerEnd(format: Format, bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  switch (format) {
    case "TSR4":
      return 128 + 64 * view.getUint32(16, true);
    case "safetensors":
      return 8 + Number(view.getBigUint64(0, true));
    case "npy":
      return bytes[6] === 1 ? 10 + view.getUint16(8, true) : 12 + view.getUint32(8, true);
    default:
      return view.getInt32(8, true);
  }
}

describe("a header alone", () => {
  it.each(acceptFiles)("of $file says what is in it", ({ file, format, tensors }) => {
    const bytes = readFixture(`accept/${file}`);
    const found = readAs(format, bytes.subarray(0, headerEnd(format, bytes)), bytes.length);
    const nameOf = (value: object) => String("name" in value && value.name);
    const byName = (a: object, b: object) => nameOf(a).localeCompare(nameOf(b));
    const wanted = tensors.map(({ name, dtype, shape }) => ({
      ...(name === undefined ? {} : { name }),
      ...{ dtype, shape, elements: shape.reduce((product, size) => product * size, 1) },
    }));
    expect([...found].sort(byName)).toMatchObject(wanted.sort(byName));
  });

  it.each(acceptFiles)("of $file tells of bytes that lack or are too many", ({ file, format }) => {
    const bytes = readFixture(`accept/${file}`);
    const start = bytes.subarray(0, headerEnd(format, bytes));
    const refused = (code: string) => expect.objectContaining({ code });
    expect(() => readAs(format, start, bytes.length + 1)).toThrow(refused("TSR_TRAILING_BYTES"));
    if (bytes.length > start.length) {
      expect(() => readAs(format, start, bytes.length - 1)).toThrow(refused("TSR_TRUNCATED"));
    }
    expect(readAs(format, start)).toEqual(readAs(format, start, bytes.length));
    const short = start.subarray(0, -1);
    expect(() => readAs(format, short, bytes.length)).toThrow(refused("TSR_TRUNCATED"));
  });

  it.each(rejectFiles)("of $file is refused as the file is", ({ file, format, code }) => {
    const bytes = readFixture(`reject/${file}`);
    try {
      readAs(format, bytes, bytes.length);
    } catch (error) {
      expect(TsrError.is(error) && error.code).toBe(code);
      return;
    }
    // What only the data tell.
    expect(["TSR_BAD_COMPRESSION", "TSR_BAD_CRC"]).toContain(code);
  });

  it("of a safetensors file gives the place of each tensor", () => {
    const a: Tensor = { dtype: "int16", shape: [3], data: new Int16Array([1, 2, 3]) };
    const b: Tensor = { dtype: "float64", shape: [], data: new Float64Array([4]) };
    const bytes = encodeSafetensors({ a, b }, { metadata: { format: "pt" } });
    const { tensors, metadata, headerSize } = readSafetensorsHeader(bytes);
    expect(metadata).toEqual({ format: "pt" });
    expect(tensors).toMatchObject([
      { name: "b", offset: headerSize, payloadBytes: 8 },
      { name: "a", offset: headerSize + 8, payloadBytes: 6 },
    ]);
  });

  it("of an npy file tells the order of its elements and bytes", () => {
    const of = (name: string) => readNpyHeader(readFixture(`accept/extra/npy-${name}.npy`));
    expect(of("fortran-float32-2x3")).toMatchObject({ fortranOrder: true, bigEndian: false });
    expect(of("big-endian-int16-2x3")).toMatchObject({ fortranOrder: false, bigEndian: true });
    expect(of("v2-int16-3x4")).toMatchObject({ version: "2.0", payloadBytes: 24 });
  });
});

describe("a header of a tensor without data", () => {
  const tensor: Tensor = { dtype: "int32", shape: [2, 3], data: new Int32Array(6) };
  const type = { dtype: "int32", shape: [2, 3] } as const;
  const joined = (...parts: Uint8Array[]) => Buffer.concat(parts);

  it("and the elements are the file", () => {
    const payload = payloadBytes(tensor);
    expect(joined(encodeHeader(type), payload).equals(encode(tensor))).toBe(true);
    expect(joined(encodeNpyHeader(type), payload).equals(encodeNpy(tensor))).toBe(true);
    const { header, order } = encodeSafetensorsHeader({ a: type, b: { ...type, dtype: "int64" } });
    expect(order).toEqual(["b", "a"]);
    const b: Tensor = { dtype: "int64", shape: [2, 3], data: new BigInt64Array(6) };
    const whole = encodeSafetensors({ a: tensor, b });
    expect(joined(header, payloadBytes(b), payload).equals(whole)).toBe(true);
  });

  it("is refused for a shape or a dtype that is none, and for data that do not fit", () => {
    const invalid = expect.objectContaining({ code: "TSR_INVALID_ARGUMENT" });
    const wrong = [
      { ...type, shape: [-1] },
      { ...type, dtype: "int4" },
      { ...tensor, shape: [2] },
    ];
    for (const value of wrong as Tensor[]) {
      expect(() => encodeHeader(value)).toThrow(invalid);
      expect(() => encodeNpyHeader(value)).toThrow(invalid);
      expect(() => encodeSafetensorsHeader({ value })).toThrow(invalid);
    }
  });
});
