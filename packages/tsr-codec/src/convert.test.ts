import { afterEach, describe, expect, it, vi } from "vitest";
import { toFloat32 } from "./convert.js";
import { fromHalfBits } from "./half-float.js";
import { fromNested, toNested } from "./nested.js";
import { tensor } from "./tensor.js";

const everyHalf = Uint16Array.from({ length: 65536 }, (_, bits) => bits);

afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
});

describe("toFloat32", () => {
  it.each(["float16", "bfloat16"] as const)("converts every %s", (dtype) => {
    const { data } = toFloat32(tensor(everyHalf, [65536], dtype));
    everyHalf.forEach((bits) => {
      if (!Object.is(data[bits], fromHalfBits(bits, dtype))) expect.fail(String(bits));
    });
  });

  it("converts float16 where there is no Float16Array", async () => {
    const native = toFloat32(tensor(everyHalf, [65536], "float16"));
    vi.stubGlobal("Float16Array", undefined);
    vi.resetModules();
    const without = await import("./convert.js");
    expect(without.toFloat32(tensor(everyHalf, [65536], "float16"))).toEqual(native);
  });

  it("returns a float32 tensor as it is", () => {
    const same = fromNested([1, 2]);
    expect(toFloat32(same)).toBe(same);
  });

  it("converts the other dtypes", () => {
    expect(toNested(toFloat32(fromNested([2n ** 40n, -1n], "int64")))).toEqual([2 ** 40, -1]);
    expect(toNested(toFloat32(fromNested([true, false], "bool")))).toEqual([1, 0]);
    expect(toNested(toFloat32(fromNested([0.1], "float64")))).toEqual([Math.fround(0.1)]);
    expect(toFloat32(fromNested([[1], [2]], "uint8")).shape).toEqual([2, 1]);
  });
});
