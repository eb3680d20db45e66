import { describe, expect, it } from "vitest";
import { arange, full, scalar, zeros } from "./create.js";
import { decodeSafetensors, encodeSafetensors } from "./safetensors.js";

const refusing = (code: string) => expect.objectContaining({ code });

/** A file with this header (JSON, or any text) and data. */
function file(header: unknown, data: number[] = []): Uint8Array {
  const text = new TextEncoder().encode(
    typeof header === "string" ? header : JSON.stringify(header),
  );
  return new Uint8Array([text.length & 255, text.length >> 8, 0, 0, 0, 0, 0, 0, ...text, ...data]);
}

const byte = (begin: number) => ({ dtype: "U8", shape: [1], data_offsets: [begin, begin + 1] });

describe("encodeSafetensors and decodeSafetensors", () => {
  const named = { weight: arange(6), bias: full([2], 1, "bfloat16"), step: scalar(7n, "int64") };

  it("keep names, tensors and metadata", () => {
    const metadata = { format: "pt", ä: "ö" };
    const { tensors, metadata: back } = decodeSafetensors(encodeSafetensors(named, { metadata }));
    expect(Object.fromEntries(tensors)).toEqual(named);
    expect(back).toEqual(metadata);
    expect(decodeSafetensors(encodeSafetensors({}))).toEqual({ tensors: new Map(), metadata: {} });
  });

  it("align the data, so that copy: false gives views of every tensor", () => {
    const bytes = encodeSafetensors({ a: zeros([3], "int8"), ...named });
    for (const { data } of decodeSafetensors(bytes, { copy: false }).tensors.values()) {
      expect(data.buffer).toBe(bytes.buffer);
    }
    for (const { data } of decodeSafetensors(bytes).tensors.values()) {
      expect(data.buffer).not.toBe(bytes.buffer);
    }
  });

  it("take a Map with names that an object would reorder or lose", () => {
    const map = new Map(
      ["10", "9", "__proto__", "constructor"].map((name, i) => [name, scalar(i)]),
    );
    expect(decodeSafetensors(encodeSafetensors(map)).tensors).toEqual(map);
  });

  it("refuse what the format does not take", () => {
    const one = scalar(1);
    const refused = refusing("TSR_INVALID_ARGUMENT");
    expect(() => encodeSafetensors({ __metadata__: one })).toThrow(refused);
    expect(() => encodeSafetensors({ "\ud800": one })).toThrow(refused);
    expect(() => encodeSafetensors({ a: { ...one, shape: [2] } })).toThrow(refused);
    expect(() => encodeSafetensors({ a: one }, { metadata: { a: 1 as never } })).toThrow(refused);
  });

  it("hold the sum of all tensors against maxBytes", () => {
    const bytes = encodeSafetensors({ a: arange(2), b: arange(2) });
    expect(() => decodeSafetensors(bytes, { maxBytes: 15 })).toThrow(refusing("TSR_TOO_LARGE"));
    expect(decodeSafetensors(bytes, { maxBytes: 16 }).tensors.size).toBe(2);
  });
});

describe("decodeSafetensors", () => {
  it("takes tensors in any order of the header, empty ones among them", () => {
    const empty = (at: number) => ({ dtype: "F32", shape: [0, 2], data_offsets: [at, at] });
    const bytes = file({ b: byte(1), none: empty(1), a: byte(0), end: empty(2) }, [5, 6]);
    const { tensors } = decodeSafetensors(bytes);
    expect([...tensors.keys()]).toEqual(["a", "none", "b", "end"]);
    expect(tensors.get("b")?.data).toEqual(new Uint8Array([6]));
    expect(tensors.get("none")?.shape).toEqual([0, 2]);
  });

  it.each(["F8_E4M3", "F8_E5M2", "F4", "C64", "toString", ""])("refuses dtype %s", (dtype) => {
    const bytes = file({ a: { dtype, shape: [], data_offsets: [0, 1] } }, [1]);
    expect(() => decodeSafetensors(bytes)).toThrow(refusing("TSR_BAD_DTYPE"));
  });

  it.each<[string, unknown, string]>([
    ["blanks before the brace", ' {"a":1}', "TSR_BAD_HEADER_SIZE"],
    ["a byte order mark", "\ufeff{}", "TSR_BAD_HEADER_SIZE"],
    ["null", "null", "TSR_BAD_HEADER_SIZE"],
    ["metadata null", { __metadata__: null }, "TSR_BAD_HEADER_SIZE"],
    ["three offsets", { a: { ...byte(0), data_offsets: [0, 1, 2] } }, "TSR_BAD_HEADER_SIZE"],
    ["a shape that is no array", { a: { ...byte(0), shape: 1 } }, "TSR_BAD_HEADER_SIZE"],
    [
      "nesting beyond any stack",
      `{"a":${"[".repeat(20000)}${"]".repeat(20000)}}`,
      "TSR_BAD_HEADER_SIZE",
    ],
    ["33 dimensions", { a: { ...byte(0), shape: Array(33).fill(1) } }, "TSR_BAD_NDIM"],
    ["a dimension that is text", { a: { ...byte(0), shape: ["1"] } }, "TSR_BAD_DIMENSION"],
    ["a dimension of 2^53", { a: { ...byte(0), shape: [2 ** 53, 0] } }, "TSR_BAD_DIMENSION"],
    ["an offset that is text", { a: { ...byte(0), data_offsets: ["0", 1] } }, "TSR_BAD_OFFSET"],
    ["a fraction as offset", { a: { ...byte(0), data_offsets: [0.5, 1.5] } }, "TSR_BAD_OFFSET"],
    ["two tensors on the same data", { a: byte(0), b: byte(0) }, "TSR_BAD_OFFSET"],
    ["data that do not start at 0", { a: byte(1) }, "TSR_BAD_OFFSET"],
  ])("refuses %s", (_, header, code) => {
    const bytes = file(header, [1]);
    expect(() => decodeSafetensors(bytes)).toThrow(refusing(code));
  });

  it("refuses a header longer than the format's own readers take", () => {
    const bytes = new Uint8Array(100_000_009);
    new DataView(bytes.buffer).setUint32(0, 100_000_001, true);
    expect(() => decodeSafetensors(bytes)).toThrow(refusing("TSR_BAD_HEADER_SIZE"));
  });

  it("leaves a Node Buffer as it was", () => {
    const bytes = file({ a: byte(0) }, [5]);
    const buffer = Buffer.from(bytes);
    expect(decodeSafetensors(buffer).tensors.get("a")?.data).toEqual(new Uint8Array([5]));
    expect(buffer.equals(bytes)).toBe(true);
  });
});
