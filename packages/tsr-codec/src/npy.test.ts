import { describe, expect, it } from "vitest";
import { arange, reshape, zeros } from "./create.js";
import { decodeNpy, encodeNpy } from "./npy.js";
import { tensor } from "./tensor.js";

const refusing = (code: string) => expect.objectContaining({ code });
const ascii = (text: string) => new TextEncoder().encode(text);

/** An npy file with this text as its header. */
function npy(header: string, payload: Uint8Array = new Uint8Array(0), version = 1): Uint8Array {
  const length =
    version === 1 ? [header.length & 255, header.length >> 8] : [header.length, 0, 0, 0];
  return new Uint8Array([
    0x93,
    ...ascii("NUMPY"),
    version,
    0,
    ...length,
    ...ascii(header),
    ...payload,
  ]);
}

const dict = (shape: string, descr = "'|i1'", order = "False") =>
  `{'descr': ${descr}, 'fortran_order': ${order}, 'shape': ${shape}, }\n`;

describe("encodeNpy", () => {
  it("writes the header that numpy writes, aligned to 64 bytes", () => {
    const file = encodeNpy(reshape(arange(6), [2, 3]));
    const header = new TextDecoder("latin1").decode(file.subarray(10, 128));
    expect(header).toBe(
      `${"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }".padEnd(117)}\n`,
    );
    expect(file.length).toBe(128 + 24);
  });

  it.each([[[]], [[5]], [[0]], [[2, 0, 3]], [Array(32).fill(1)]])("keeps shape %j", (shape) => {
    const made = zeros(shape, "int16");
    expect(decodeNpy(encodeNpy(made))).toEqual(made);
    expect(encodeNpy(made).length % 64).toBe(made.data.byteLength % 64);
  });

  it("refuses bfloat16 with the way out", () => {
    expect(() => encodeNpy(zeros([1], "bfloat16"))).toThrow(/TSR_BAD_DTYPE.*toFloat32/);
    expect(() => encodeNpy({} as never)).toThrow(refusing("TSR_INVALID_ARGUMENT"));
  });
});

describe("decodeNpy", () => {
  it("gives a view with copy: false only where nothing has to be moved", () => {
    const file = encodeNpy(arange(6));
    expect(decodeNpy(file, { copy: false }).data.buffer).toBe(file.buffer);
    expect(decodeNpy(file).data.buffer).not.toBe(file.buffer);
    const values = new Uint8Array([0, 1, 0, 2]);
    for (const [descr, order] of [
      ["'>i2'", "False"],
      ["'<i2'", "True"],
    ]) {
      const other = npy(dict("(1, 2)", descr, order), values);
      decodeNpy(other, { copy: false });
      expect(other.subarray(-4)).toEqual(values);
    }
    const swapped = npy(dict("(2,)", "'>i2'"), values);
    expect(decodeNpy(swapped, { copy: false })).toEqual(tensor(new Int16Array([1, 2]), [2]));
  });

  it("transposes Fortran order to rows", () => {
    const columns = npy(dict("(2, 3)", "'|i1'", "True"), new Uint8Array([1, 4, 2, 5, 3, 6]));
    for (const copy of [true, false]) {
      expect(decodeNpy(columns, { copy })).toEqual(
        tensor(new Int8Array([1, 2, 3, 4, 5, 6]), [2, 3]),
      );
    }
    const column = npy(dict("(3, 1)", "'|i1'", "True"), new Uint8Array([1, 2, 3]));
    expect(decodeNpy(column).data).toEqual(new Int8Array([1, 2, 3]));
  });

  it.each([
    ['{"shape": (1,), "fortran_order": False, "descr": "<i1"}', [1]],
    ["{'descr':'=i1','fortran_order':True,'shape':(1 ,)}   \n\n", [1]],
    ["{'descr': '|i1', 'fortran_order': False, 'shape': (1L, 1L)}", [1, 1]],
    [dict("( )"), []],
  ])("reads the header %s", (header, shape) => {
    expect(decodeNpy(npy(header, new Uint8Array([5])))).toEqual(tensor(new Int8Array([5]), shape));
  });

  it.each([
    dict("(1)"),
    dict("(1,,)"),
    dict("(1"),
    dict("(1.5,)"),
    dict("[1]"),
    dict("('1',)"),
    dict("(1,)", "7"),
    dict("(1,)", "[('a', '<f4')"),
    dict("(1,)", "'|i1'", "0"),
    `${dict("(1,)")}x`,
    "{'descr': '|i1', 'descr': '|i1', 'fortran_order': False, 'shape': (1,)}",
    "{'descr': '|i1', 'fortran_order': False, 'shape': (1,), 'more': True}",
    "{'descr': '|i1' 'fortran_order': False, 'shape': (1,)}",
    "{7: '|i1'}",
  ])("refuses the header %s", (header) => {
    const file = npy(header, new Uint8Array([5]));
    expect(() => decodeNpy(file)).toThrow(refusing("TSR_BAD_HEADER_SIZE"));
  });

  it("refuses the version numbers and sizes that it does not know", () => {
    const long = npy(dict("(1,)"), new Uint8Array(70_000), 2);
    new DataView(long.buffer).setUint32(8, 65_536, true);
    expect(() => decodeNpy(long)).toThrow(refusing("TSR_BAD_HEADER_SIZE"));
    expect(() => decodeNpy(npy(dict(`(${"1, ".repeat(33)})`)))).toThrow(refusing("TSR_BAD_NDIM"));
    expect(() => decodeNpy(npy(dict("(9007199254740993,)")))).toThrow(
      refusing("TSR_BAD_DIMENSION"),
    );
    expect(() => decodeNpy(encodeNpy(arange(6)), { maxBytes: 23 })).toThrow(
      refusing("TSR_TOO_LARGE"),
    );
    expect(() => decodeNpy([] as never)).toThrow(refusing("TSR_INVALID_ARGUMENT"));
  });
});
