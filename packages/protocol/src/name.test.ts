import { describe, expect, it } from "vitest";
import { TrError } from "./errors.js";
import { assertName, isName } from "./name.js";

const hostile = [
  "",
  ".",
  "..",
  "../a",
  "a/b",
  "a\\b",
  "a.b",
  "a b",
  "a\n",
  "\na",
  "a\0",
  "é",
  "ａ",
  "a\u0301",
  "%2e",
  "C:",
  "a:b",
  "a".repeat(65),
];

describe("a name", () => {
  it("is 1 to 64 letters, digits, underscores and hyphens", () => {
    for (const name of ["a", "Z9", "-", "_", "r0", "a".repeat(64)]) expect(isName(name)).toBe(true);
    for (const name of hostile) expect(isName(name)).toBe(false);
  });

  it("is a string and nothing that turns into one", () => {
    const sneaky = { toString: () => "a" };
    for (const value of [
      undefined,
      null,
      1,
      1n,
      true,
      ["a"],
      sneaky,
      new String("a"),
      Symbol("a"),
    ]) {
      expect(isName(value)).toBe(false);
      expect(() => assertName("tag", value)).toThrow(TrError);
    }
  });

  it("is refused with what was found, however long that is", () => {
    expect(() => assertName("sessionId", "../x")).toThrow(/sessionId must match .*found "\.\.\/x"/);
    try {
      assertName("tag", "/".repeat(1e6));
      expect.unreachable();
    } catch (error) {
      expect(TrError.is(error, "TR_INVALID_ARGUMENT")).toBe(true);
      expect((error as Error).message.length).toBeLessThan(400);
    }
  });
});
