import { expect, it } from "vitest";
import { parseProgress } from "./progress.js";

it("is read with and without a total and a message", () => {
  const whole = { done: 3, total: 10, message: "training" };
  expect(parseProgress(whole)).toEqual(whole);
  const least = { done: 0.5, total: undefined, message: "" };
  expect(parseProgress({ done: 0.5, total: null, message: null })).toEqual(least);
  expect(parseProgress({ done: 0.5, more: true })).toEqual(least);
});

it.each([
  [undefined, '"value" must be an object'],
  [[1], '"value" must be an object'],
  [{ total: 1 }, '"value.done" must be a number'],
  [{ done: "1" }, '"value.done" must be a number, found "1"'],
  [{ done: 1, total: "2" }, '"value.total" must be a number or null'],
  [{ done: 1, message: 5 }, '"value.message" must be a string, found 5'],
])("with %j is refused", (value, message) => {
  expect(() => parseProgress(value)).toThrow(
    expect.objectContaining({ code: "TR_PROTOCOL", message: expect.stringContaining(message) }),
  );
});
