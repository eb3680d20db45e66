import fc from "fast-check";
import { expect, it } from "vitest";
import { LineSplitter } from "./line-splitter.js";

function split(bytes: Uint8Array, cuts: readonly number[]): string[] {
  const lines: string[] = [];
  const splitter = new LineSplitter((line) => lines.push(line));
  let start = 0;
  for (const cut of [...cuts, bytes.length].sort((a, b) => a - b)) {
    splitter.push(bytes.subarray(start, cut));
    start = cut;
  }
  splitter.end();
  return lines;
}

it("finds the same lines however the bytes are cut, characters in the middle included", () => {
  const text = fc.array(fc.string({ unit: "grapheme" }).map((line) => line.replace(/[\r\n]/g, "")));
  fc.assert(
    fc.property(text, fc.array(fc.nat(60)), (lines, cuts) => {
      const bytes = new TextEncoder().encode(lines.map((line) => `${line}\n`).join(""));
      const inside = cuts.filter((cut) => cut <= bytes.length);
      expect(split(bytes, inside)).toEqual(lines);
    }),
    { seed: 1 },
  );
});

it("hands on a last line without an end, and cuts off a carriage return", () => {
  expect(split(new TextEncoder().encode("a\r\nb\n\nc"), [])).toEqual(["a", "b", "", "c"]);
});

it("hands on a line without an end in bounded pieces", () => {
  const lines = split(new Uint8Array(5 << 20).fill(120), [1 << 20, 3 << 20]);
  expect(lines.join("").length).toBe(5 << 20);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(1 << 20);
});
