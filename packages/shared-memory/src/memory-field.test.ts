import { describe, expect, it } from "vitest";
import { bytesOf, parseMemoryField } from "./memory-field.js";

const segment = ["worker", 3, 7, 9, 65_536, ""];
const sound = { segments: [segment], tensors: { a: [0, 64, "float32", [2, 3]] } };

describe("the field memory", () => {
  it("is taken as it is when it is sound", () => {
    expect(parseMemoryField(sound)).toBe(sound);
    const attached = { segments: [], tensors: { a: [-1, 64, "float32", [2, 3]] } };
    expect(parseMemoryField(attached, 88)).toBe(attached);
    expect(() => parseMemoryField(attached, 87)).toThrow(/inside of its 87 bytes/);
    expect(() => parseMemoryField(attached)).toThrow(/inside of its 0 bytes/);
    expect(bytesOf([0, 0, "float64", [3, 0, 2 ** 40]])).toBe(0);
  });

  const refused: unknown[][] = [
    [undefined],
    [null],
    ["text"],
    [{}],
    [{ segments: [], tensors: null }],
    [{ segments: [null], tensors: {} }],
    ...[
      ["stranger", 3, 7, 9, 65_536, ""],
      ["worker", 24, 7, 9, 65_536, ""],
      ["worker", -1, 7, 9, 65_536, ""],
      ["worker", 0.5, 7, 9, 65_536, ""],
      ["worker", 3, "7", 9, 65_536, ""],
      ["worker", 3, 7, 9, 2 ** 60, ""],
      ["worker", 3, 7, 9, 65_536, 5],
    ].map((entry) => [{ segments: [entry], tensors: {} }]),
    ...[
      null,
      [1, 64, "float32", [2]],
      [0, 63, "float32", [2]],
      [0, -64, "float32", [2]],
      [0, 65_536, "float32", [1]],
      [0, 0, "complex64", [1]],
      [0, 0, "toString", [1]],
      [0, 0, "float32", [16_385]],
      [0, 0, "float32", [2 ** 40, 2 ** 40]],
      [0, 0, "float32", [-1]],
      [0, 0, "float32", "2"],
      [0, 0, "float32", Array(33).fill(1)],
    ].map((entry) => [{ segments: [segment], tensors: { a: entry } }]),
  ];
  it.each(refused)("is refused: %j", (value) => {
    expect(() => parseMemoryField(value)).toThrow(expect.objectContaining({ code: "TR_PROTOCOL" }));
  });
});
