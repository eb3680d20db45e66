import { describe, expect, it, vi } from "vitest";
import { full, zeros } from "./create.js";
import { decode } from "./decode.js";
import { byteLength, encode, encodeHeader, encodeInto, payloadBytes } from "./encode.js";
import { type Tensor, tensor } from "./tensor.js";
import { TsrError } from "./tsr-error.js";

const hex = (bytes: Uint8Array) => [...bytes].map((b) => b.toString(16).padStart(2, "0")).join("");

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (TsrError.is(error)) return `${error.code} ${error.field}`;
    throw error;
  }
  return "no error";
}

const vector = tensor(new Int32Array([1, 2, -1]), [3]);

describe("encode", () => {
  it("writes header and payload as the format lays them out", () => {
    const header =
      "54535221 01000000 40000000 00000000 03000000 01000000 01000000 01000000 01000000 03000000" +
      " 0300000000000000 0000000000000000 0000000000000000";
    expect(hex(encode(vector))).toBe(`${header} 010000000200 0000ffffffff`.replaceAll(" ", ""));
  });

  it("gives in two parts what it gives in one: header bytes and a view on the data", () => {
    const payload = payloadBytes(vector);
    expect(payload.buffer).toBe(vector.data.buffer);
    expect(hex(encodeHeader(vector)) + hex(payload)).toBe(hex(encode(vector)));
    expect(byteLength(vector)).toBe(76);
  });

  it("writes only the elements of a typed array that is itself a view", () => {
    const whole = new Int16Array([9, 1, 2, 9]);
    const part = tensor(whole.subarray(1, 3), [2]);
    expect(hex(payloadBytes(part))).toBe("01000200");
    expect(decode(encode(part))).toEqual({ dtype: "int16", shape: [2], data: part.data });
  });

  it.each([
    [[1, 2, 3, 4], 1, 64],
    [[2147483647, 0], 1, 64],
    [[2147483648, 0], 2, 128],
    [[1, 1, 1, 1, 1], 2, 128],
    [Array(8).fill(1), 2, 128],
    [Array(9).fill(1), 2, 192],
    [Array(32).fill(1), 2, 320],
  ])("writes shape %j as version %i with a header of %i bytes", (shape, version, size) => {
    const header = encodeHeader(zeros(shape, "int8"));
    expect([header[4], header.length]).toEqual([version, size]);
  });

  it("takes an object that was made elsewhere", () => {
    const made = { dtype: "bool", shape: [2], data: new Uint8Array([1, 0]) } as const;
    expect(decode(encode(made))).toEqual(made);
  });

  it("takes a Float16Array as the data of a float16 tensor", (context) => {
    if (globalThis.Float16Array === undefined) {
      return context.skip("this Node has no Float16Array");
    }
    const input = { dtype: "float16", shape: [2], data: new Float16Array([1, -2]) } as const;
    expect(hex(payloadBytes(input))).toBe("003c00c0");
    expect(decode(encode(input)).data).toEqual(new Uint16Array([0x3c00, 0xc000]));
  });

  it("takes memory that is shared", () => {
    const shared = tensor(new Float32Array(new SharedArrayBuffer(8)).fill(1), [2]);
    expect(decode(encode(shared))).toEqual(full([2], 1));
  });

  it.each<[string, unknown, string]>([
    ["nothing", undefined, "tensor"],
    ["null", null, "tensor"],
    ["an unknown dtype", { dtype: "complex64", shape: [], data: new Float32Array(1) }, "dtype"],
    ["a dtype of Object's", { dtype: "toString", shape: [], data: new Float32Array(1) }, "dtype"],
    ["no shape", { dtype: "float32", data: new Float32Array(1) }, "shape"],
    ["a negative size", { dtype: "int8", shape: [-1], data: new Int8Array(1) }, "shape[0]"],
    ["a fraction", { dtype: "int8", shape: [1, 0.5], data: new Int8Array(1) }, "shape[1]"],
    ["a hole", { dtype: "int8", shape: Array(1), data: new Int8Array(1) }, "shape[0]"],
    ["too many dimensions", { ...zeros([1]), shape: Array(33).fill(1) }, "shape"],
    [
      "a shape of too many",
      { dtype: "int8", shape: [2 ** 52, 4], data: new Int8Array(1) },
      "shape",
    ],
    ["too little data", { dtype: "float32", shape: [3], data: new Float32Array(2) }, "data"],
    ["too much data", { dtype: "float32", shape: [3], data: new Float32Array(4) }, "data"],
    ["another array type", { dtype: "float32", shape: [1], data: new Float64Array(1) }, "data"],
    ["a list as data", { dtype: "float32", shape: [1], data: [1] }, "data"],
    ["a DataView", { dtype: "int8", shape: [1], data: new DataView(new ArrayBuffer(1)) }, "data"],
    ["clamped bytes", { dtype: "uint8", shape: [1], data: new Uint8ClampedArray(1) }, "data"],
  ])("refuses %s and names the fault", (_, value, field) => {
    for (const work of [encode, encodeHeader, payloadBytes, byteLength]) {
      expect(codeOf(() => work(value as Tensor))).toBe(`TSR_INVALID_ARGUMENT ${field}`);
    }
  });

  it("refuses data whose memory has been given away", () => {
    const given = tensor(new Float32Array(2), [2]);
    structuredClone(given.data, { transfer: [given.data.buffer as ArrayBuffer] });
    expect(codeOf(() => encode(given))).toBe("TSR_INVALID_ARGUMENT data");
  });
});

describe("encodeInto", () => {
  it("writes at the offset, returns the bytes written and leaves the rest alone", () => {
    const target = new Uint8Array(100).fill(7);
    expect(encodeInto(vector, target, 10)).toBe(76);
    expect(hex(target.subarray(10, 86))).toBe(hex(encode(vector)));
    expect([...target.subarray(0, 10), ...target.subarray(86)]).toEqual(Array(24).fill(7));
  });

  it("works where the tensor's data lie in the target itself", () => {
    const bytes = new Uint8Array(160);
    const inside = tensor(new Int32Array(bytes.buffer, 0, 3), [3]);
    inside.data.set([1, 2, -1]);
    encodeInto(inside, bytes, 4);
    expect(hex(bytes.subarray(4, 80))).toBe(hex(encode(vector)));
  });

  it("refuses a target without room, or a bad offset, before it writes", () => {
    const target = new Uint8Array(76).fill(7);
    expect(codeOf(() => encodeInto(vector, target, 1))).toBe("TSR_INVALID_ARGUMENT target");
    expect(codeOf(() => encodeInto(vector, target, 77))).toBe("TSR_INVALID_ARGUMENT target");
    for (const offset of [-1, 0.5, Number.NaN]) {
      expect(codeOf(() => encodeInto(vector, target, offset))).toBe("TSR_INVALID_ARGUMENT offset");
    }
    expect(target.every((byte) => byte === 7)).toBe(true);
    const words = new Float32Array(76) as never;
    expect(codeOf(() => encodeInto(vector, words))).toBe("TSR_INVALID_ARGUMENT target");
  });
});

describe("on a big-endian machine", () => {
  it("swaps the bytes on the way out and back, and never gives a view", async () => {
    vi.resetModules();
    vi.doMock("./byte-order.js", async (original) => ({
      ...(await original<typeof import("./byte-order.js")>()),
      hostIsLittleEndian: false,
    }));
    const swapping = { ...(await import("./encode.js")), ...(await import("./decode.js")) };
    vi.doUnmock("./byte-order.js");
    const payload = swapping.payloadBytes(vector);
    expect(hex(payload)).toBe("0000000100000002ffffffff");
    expect(payload.buffer).not.toBe(vector.data.buffer);
    expect(vector.data).toEqual(new Int32Array([1, 2, -1]));
    const bytes = swapping.encode(vector);
    for (const copy of [true, false]) expect(swapping.decode(bytes, { copy })).toEqual(vector);
    expect(swapping.decodeInto(bytes, new Int32Array(3))).toEqual(vector);
  });
});
