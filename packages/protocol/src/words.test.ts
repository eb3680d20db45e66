import { expect, it } from "vitest";
import { argsToWords } from "./words.js";

const a = { tensor: "a" };
const b = { tensor: "b" };
const tagOf = (value: unknown) => (value === a ? "a" : value === b ? "b" : undefined);

it("makes tags of tensors and words of numbers, big integers and strings, in order", () => {
  expect(argsToWords([a, b], tagOf)).toEqual({ words: "a b", tags: true });
  expect(argsToWords([a, 3.5, 10n, "relu"], tagOf)).toEqual({
    words: "a 3.5 10 relu",
    tags: false,
  });
  expect(argsToWords(["big world"], tagOf)).toEqual({ words: "big world", tags: false });
});

it("of no arguments makes no words, and they are not tags", () => {
  expect(argsToWords([], tagOf)).toEqual({ words: "", tags: false });
});

it.each([[true], [null], [undefined], [{}], [[a]], [Number.NaN], [Infinity], [Symbol("x")]])(
  "has no word for %s",
  (value) => {
    expect(argsToWords([a, value], tagOf)).toBe(undefined);
  },
);

it("has no word for an empty string among others, which would be lost", () => {
  expect(argsToWords([a, "", b], tagOf)).toBe(undefined);
  expect(argsToWords([""], tagOf)).toEqual({ words: "", tags: false });
});
