import { TrError } from "@tr/protocol/errors";
import { expect, it } from "vitest";
import { server } from "../../test/wide.types.js";
import { bindCall } from "./bind-call.js";

const bind = (name: keyof typeof server.commands, ...given: unknown[]) => {
  const { args, kwargs } = bindCall(name, server.commands[name], given);
  return [args, kwargs];
};

it("passes required arguments by position and chosen ones by keyword", () => {
  expect(bind("matmul", 1, 2)).toEqual([[1, 2], {}]);
  expect(bind("detect", 1, { threshold: 0.5, labels: [] })).toEqual([
    [1],
    { threshold: 0.5, labels: [] },
  ]);
  expect(bind("untyped", 1, { new: 2 })).toEqual([[1], { new: 2 }]);
});

it("passes by keyword what Python takes by keyword only", () => {
  expect(bind("keywords_only", 1, 2)).toEqual([[1], { scale: 2 }]);
  expect(bind("keywords_only", 1, 2, { offset: 3 })).toEqual([[1], { scale: 2, offset: 3 }]);
});

it("passes by position what Python takes by position only, and refuses a gap there", () => {
  expect(bind("positional_only", 1, { d: 4 })).toEqual([[1], { d: 4 }]);
  expect(bind("positional_only", 1, { b: 2, d: 4 })).toEqual([[1, 2], { d: 4 }]);
  expect(bind("positional_only", 1, { c: 3, b: 2 })).toEqual([[1, 2, 3], {}]);
  expect(() => bind("positional_only", 1, { c: 3 })).toThrow("give b as well");
});

it("spreads *rest and **more, and refuses *rest without what stands before it", () => {
  expect(bind("variadic", "a", { second: "b" })).toEqual([["a"], { second: "b" }]);
  expect(bind("variadic", "a", { rest: [], more: { x: 1 } })).toEqual([["a"], { x: 1 }]);
  const all = { second: "b", rest: [1, 2], more: { x: 1 } };
  expect(bind("variadic", "a", all)).toEqual([["a", "b", 1, 2], { x: 1 }]);
  expect(() => bind("variadic", "a", { rest: [1] })).toThrow("give second as well");
  expect(() => bind("variadic", "a", { rest: 1 })).toThrow("rest: expected an array");
});

it("takes the call's options last, with or without the command's own", () => {
  const options = { timeoutMs: 5 };
  const callOptions = (name: "matmul" | "detect" | "nothing", ...given: unknown[]) =>
    bindCall(name, server.commands[name], given).callOptions;
  expect(callOptions("matmul", 1, 2, options)).toEqual(options);
  expect(callOptions("detect", 1, undefined, options)).toEqual(options);
  expect(callOptions("detect", 1, { threshold: 1 }, options)).toEqual(options);
  expect(callOptions("nothing", options)).toEqual(options);
  expect(callOptions("nothing")).toEqual({});
});

it.each([
  [[], "expected (image, options?, callOptions?), found 0 arguments"],
  [[1, {}, {}, 4], "found 4 arguments"],
  [[1, 5], "options: expected an object, found 5"],
  [[1, {}, []], "callOptions: expected an object, found []"],
])("refuses %j with the form of the call", (given, message) => {
  try {
    bind("detect", ...given);
    expect.unreachable();
  } catch (error) {
    expect(TrError.is(error, "TR_INVALID_ARGUMENT") && error.message).toContain(message);
  }
});
