import { describe, expect, it } from "vitest";
import { arange, full, zeros } from "./create.js";
import { decode, decodeInto, readHeader } from "./decode.js";
import { encode, encodeHeader } from "./encode.js";
import { tensor } from "./tensor.js";
import { maxHeaderSize } from "./tsr-layout.js";

const matrix = arange(0, 12);
const bytes = encode(matrix);
const refusing = (code: string) => expect.objectContaining({ code });

/** The same bytes, starting `shift` bytes into a larger buffer. */
function shifted(shift: number): Uint8Array {
  const room = new Uint8Array(bytes.length + shift);
  room.set(bytes, shift);
  return room.subarray(shift);
}

describe("decode", () => {
  it("gives an array of its own unless told otherwise", () => {
    const decoded = decode(bytes);
    expect(decoded).toEqual(matrix);
    expect(decoded.data.buffer).not.toBe(bytes.buffer);
    expect(decoded.data.byteLength).toBe(decoded.data.buffer.byteLength);
  });

  it("gives a view on the bytes with copy: false, which changes with them", () => {
    const own = bytes.slice();
    const { data } = decode(own, { copy: false });
    expect(data.buffer).toBe(own.buffer);
    expect(data.byteOffset).toBe(64);
    own[64 + 3] = 0xbf;
    own[64 + 2] = 0x80;
    expect(data[0]).toBe(-1);
  });

  it.each([1, 2, 3])("copies where %i bytes of shift leave no alignment for a view", (shift) => {
    const moved = shifted(shift);
    const { data } = decode(moved, { copy: false });
    expect(data.buffer).not.toBe(moved.buffer);
    expect(data).toEqual(matrix.data);
  });

  it("gives a view at any shift that suits the element size", () => {
    const moved = shifted(4);
    expect(decode(moved, { copy: false }).data.buffer).toBe(moved.buffer);
  });

  it("takes a Node Buffer and leaves its bytes as they were", () => {
    const buffer = Buffer.from(bytes);
    expect(decode(buffer)).toEqual(matrix);
    expect(buffer.equals(bytes)).toBe(true);
  });

  it("refuses a payload above maxBytes, and takes one of just that size", () => {
    expect(decode(bytes, { maxBytes: 48 }).shape).toEqual([12]);
    expect(() => decode(bytes, { maxBytes: 47 })).toThrow(refusing("TSR_TOO_LARGE"));
    expect(decode(encode(zeros([0])), { maxBytes: 0 }).shape).toEqual([0]);
  });

  it("says what was expected, what was found and what to do", () => {
    expect(() => decode(bytes.subarray(0, 100))).toThrow(
      "TSR_TRUNCATED: payload: expected 112 bytes, found 100. Read all of the file.",
    );
  });

  it.each([undefined, "text", [], new ArrayBuffer(64), new Float32Array(16)])(
    "refuses %s as bytes",
    (value) => {
      expect(() => decode(value as unknown as Uint8Array)).toThrow(
        refusing("TSR_INVALID_ARGUMENT"),
      );
    },
  );

  it.each([-1, Number.NaN, "1"])("refuses %s as maxBytes", (maxBytes) => {
    const options = { maxBytes: maxBytes as number };
    expect(() => decode(bytes, options)).toThrow(refusing("TSR_INVALID_ARGUMENT"));
    expect(() => readHeader(bytes, options)).toThrow(refusing("TSR_INVALID_ARGUMENT"));
  });
});

describe("decodeInto", () => {
  it("copies into the array that it is given", () => {
    const target = new Float32Array(20).fill(9);
    const { shape, data } = decodeInto(bytes, target);
    expect(shape).toEqual([12]);
    expect(data.buffer).toBe(target.buffer);
    expect([...target]).toEqual([...matrix.data, ...Array(8).fill(9)]);
  });

  it("refuses an array of another kind or without room, and leaves it alone", () => {
    const short = new Float32Array(11).fill(9);
    expect(() => decodeInto(bytes, short)).toThrow(refusing("TSR_INVALID_ARGUMENT"));
    expect(short.every((value) => value === 9)).toBe(true);
    expect(() => decodeInto(bytes, new Int32Array(12))).toThrow(refusing("TSR_INVALID_ARGUMENT"));
    const cut = bytes.subarray(0, -1);
    expect(() => decodeInto(cut, new Float32Array(12))).toThrow(refusing("TSR_TRUNCATED"));
  });
});

describe("readHeader", () => {
  const header = {
    version: 1,
    dtype: "float32",
    shape: [12],
    elements: 12,
    headerSize: 64,
    payloadBytes: 48,
  };

  it("takes a whole file or its first 64 bytes", () => {
    expect(readHeader(bytes)).toEqual(header);
    expect(readHeader(bytes.subarray(0, 64))).toEqual(header);
  });

  it("checks the size of the file where it is told", () => {
    const first = bytes.subarray(0, 64);
    expect(readHeader(first, { totalBytes: 112 })).toEqual(header);
    expect(() => readHeader(first, { totalBytes: 111 })).toThrow(refusing("TSR_TRUNCATED"));
    expect(() => readHeader(first, { totalBytes: 113 })).toThrow(refusing("TSR_TRAILING_BYTES"));
    expect(() => readHeader(first, { maxBytes: 47 })).toThrow(refusing("TSR_TOO_LARGE"));
  });

  it("reads the longest header of version 2 from the first 320 bytes, and says when it has less", () => {
    const long = tensor(new Int8Array(2), [...Array<number>(31).fill(1), 2]);
    const file = encode(long);
    expect(maxHeaderSize).toBe(320);
    expect(readHeader(file.subarray(0, maxHeaderSize)).shape).toEqual(long.shape);
    expect(() => readHeader(file.subarray(0, 319))).toThrow(refusing("TSR_TRUNCATED"));
  });

  it("tells of a payload far larger than any memory", () => {
    const huge = encodeHeader(zeros([0])).slice();
    const view = new DataView(huge.buffer);
    view.setInt32(36, 2 ** 30, true);
    view.setInt32(32, 2 ** 20, true);
    view.setInt32(20, 2, true);
    view.setBigInt64(40, 2n ** 50n, true);
    expect(readHeader(huge)).toMatchObject({ elements: 2 ** 50, payloadBytes: 2 ** 52 });
    expect(() => decode(huge, { maxBytes: Number.POSITIVE_INFINITY })).toThrow(
      refusing("TSR_TRUNCATED"),
    );
  });
});

it("decodes what encode wrote for every kind of value", () => {
  const ones = full([2, 1, 3], 1n, "uint64");
  expect(decode(encode(ones))).toEqual(ones);
});
