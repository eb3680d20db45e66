import { describe, expect, it } from "vitest";
import { fromHalfBits, type HalfDtype, toHalfBits } from "./half-float.js";

const allBits = Array.from({ length: 65536 }, (_, bits) => bits);

/** float32 whose upper half is `bits`: what a bfloat16 is by definition. */
function upperHalf(bits: number): number {
  return new Float32Array(new Uint32Array([bits << 16]).buffer)[0] as number;
}

describe("16-bit floats", () => {
  it.each<HalfDtype>(["float16", "bfloat16"])("%s: every bit pattern survives", (dtype) => {
    for (const bits of allBits) {
      const value = fromHalfBits(bits, dtype);
      const back = toHalfBits(value, dtype);
      if (Number.isNaN(value)) expect(fromHalfBits(back, dtype)).toBeNaN();
      else if (back !== bits) expect.fail(`${dtype} ${bits} became ${back}`);
    }
  });

  it("bfloat16 is the upper half of a float32", () => {
    for (const bits of allBits) {
      if (!Object.is(fromHalfBits(bits, "bfloat16"), upperHalf(bits))) expect.fail(String(bits));
    }
  });

  it("float16 is what the platform's Float16Array holds", (context) => {
    if (globalThis.Float16Array === undefined) {
      return context.skip("this Node has no Float16Array");
    }
    const values = new Float16Array(Uint16Array.from(allBits).buffer);
    for (const bits of allBits) {
      if (!Object.is(fromHalfBits(bits, "float16"), values[bits])) expect.fail(String(bits));
    }
  });

  it.each([
    ["float16", 65504, 0x7bff],
    ["float16", 65519.99, 0x7bff],
    ["float16", 65520, 0x7c00],
    ["float16", -1e300, 0xfc00],
    ["float16", 2 ** -24, 1],
    ["float16", 2 ** -25, 0],
    ["float16", 2 ** -25 * 1.001, 1],
    ["float16", 2 ** -14 - 2 ** -26, 0x0400],
    ["float16", 1 + 2 ** -11, 0x3c00],
    ["float16", 1 + 3 * 2 ** -11, 0x3c02],
    // Through float32 first this would round twice, to 0x3c00.
    ["float16", 1 + 2 ** -11 + 2 ** -40, 0x3c01],
    ["float16", -0, 0x8000],
    ["float16", Number.NaN, 0x7e00],
    ["bfloat16", 1 + 2 ** -8, 0x3f80],
    ["bfloat16", 1 + 3 * 2 ** -8, 0x3f82],
    ["bfloat16", 3.4e38, 0x7f80],
    ["bfloat16", Number.NEGATIVE_INFINITY, 0xff80],
    ["bfloat16", 5e-324, 0],
  ] as const)("%s rounds %d to the nearest, a tie to even", (dtype, value, bits) => {
    expect(toHalfBits(value, dtype)).toBe(bits);
  });

  it("agrees with the platform on numbers between and beyond the representable ones", (context) => {
    if (globalThis.Float16Array === undefined) {
      return context.skip("this Node has no Float16Array");
    }
    const probe = new Float16Array(1);
    const bits = new Uint16Array(probe.buffer);
    for (let i = 0; i < 20_000; i++) {
      const value = Math.sin(i) * 2 ** ((i % 60) - 30);
      probe[0] = value;
      if (toHalfBits(value, "float16") !== bits[0]) expect.fail(String(value));
    }
  });
});
