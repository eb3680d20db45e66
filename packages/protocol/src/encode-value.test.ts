import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { encodeValue } from "./encode-value.js";
import { TrError } from "./errors.js";
import { maxValueDepth } from "./value-markers.js";

class FakeTensor {}

function encode(value: unknown, path?: string) {
  const added: { tensor: object; path: string }[] = [];
  const json = encodeValue(value, {
    isTensor: (candidate) => candidate instanceof FakeTensor || candidate instanceof Uint8Array,
    addTensor: (tensor, at) => `t${added.push({ tensor, path: at }) - 1}`,
    path,
  });
  return { json, added };
}

const refused = (message: string) =>
  expect.objectContaining({
    code: "TR_INVALID_ARGUMENT",
    message: expect.stringContaining(message),
  });

describe("encodeValue", () => {
  it("leaves JSON as it is, in a copy", () => {
    const value = { a: [1, "x", true, null, { b: -1.5 }], "": {} };
    const { json } = encode(value);
    expect(json).toEqual(value);
    expect(json).not.toBe(value);
  });

  it("replaces tensors anywhere by their tags, and says where they were", () => {
    const mask = new FakeTensor();
    const bytes = new Uint8Array(3);
    const { json, added } = encode([{ boxes: [0, 0, 0, { mask }], "odd key": bytes }], "args");
    expect(json).toEqual([
      { boxes: [0, 0, 0, { mask: { $tensor: "t0" } }], "odd key": { $tensor: "t1" } },
    ]);
    expect(added.map(({ path }) => path)).toEqual(["args[0].boxes[3].mask", 'args[0]["odd key"]']);
  });

  it("adds a tensor once, however often it turns up, over several calls too", () => {
    const tensor = new FakeTensor();
    const { json, added } = encode([tensor, { again: tensor }]);
    expect(json).toEqual([{ $tensor: "t0" }, { again: { $tensor: "t0" } }]);
    expect(added).toHaveLength(1);
    const tags = new Map<object, string>();
    const options = {
      isTensor: (v: object) => v === tensor,
      addTensor: () => `x${tags.size}`,
      tags,
    };
    expect(encodeValue([tensor], options)).toEqual([{ $tensor: "x0" }]);
    expect(encodeValue({ k: tensor }, options)).toEqual({ k: { $tensor: "x0" } });
  });

  it("marks what JSON has no word for", () => {
    const { json } = encode([Number.NaN, Infinity, -Infinity, 2n ** 64n, -5n, 0n]);
    expect(json).toEqual([
      { $float: "nan" },
      { $float: "inf" },
      { $float: "-inf" },
      { $int: "18446744073709551616" },
      { $int: "-5" },
      { $int: "0" },
    ]);
  });

  it("wraps an object of the user's with a key that begins with $", () => {
    expect(encode({ $tensor: "mine" }).json).toEqual({ $dict: { $tensor: "mine" } });
    expect(encode({ $dict: { a: 1 } }).json).toEqual({ $dict: { $dict: { a: 1 } } });
    expect(encode({ $: Number.NaN, a: 1n }).json).toEqual({
      $dict: { $: { $float: "nan" }, a: { $int: "1" } },
    });
    expect(encode({ a$: 1 }).json).toEqual({ a$: 1 });
  });

  it("drops undefined properties, and makes undefined in an array null, as JSON does", () => {
    const value = { a: undefined, b: [undefined, ...new Array(1), 1], $c: undefined };
    expect(encode(value).json).toEqual({ b: [null, null, 1] });
    expect(encode(undefined).json).toBe(null);
  });

  it("takes plain objects of another realm and without a prototype", () => {
    expect(encode(runInNewContext("({ a: [1] })")).json).toEqual({ a: [1] });
    expect(encode(Object.assign(Object.create(null), { a: 1 })).json).toEqual({ a: 1 });
  });

  it("keeps a __proto__ key as a key", () => {
    const { json } = encode(JSON.parse('{"__proto__": {"polluted": 1}}'));
    expect(Object.keys(json as object)).toEqual(["__proto__"]);
    expect(JSON.stringify(json)).toBe('{"__proto__":{"polluted":1}}');
  });

  it.each([
    ["a function", () => 1, "is a function, which cannot be sent. Leave it out."],
    ["a symbol", Symbol("s"), "is a symbol"],
    ["a Map", new Map(), "is a Map, which cannot be sent. Send Object.fromEntries(map)."],
    ["a Set", new Set(), "is a Set, which cannot be sent. Send an array: [...set]."],
    ["a Date", new Date(0), "is a Date, which cannot be sent. Send date.toISOString()"],
    ["a promise", Promise.resolve(), "Await it first."],
    ["a typed array", new Int32Array(1), "is a Int32Array, which cannot be sent. Send a tensor"],
    ["an instance", new (class Box {})(), "is a Box, which cannot be sent. Send a plain object"],
    ["an instance of a hidden class", Object.create({}), "cannot be sent"],
    [
      "an instance of an odd name",
      Object.create(Object.create({ constructor: { name: "toString" } })),
      "is a toString, which cannot be sent",
    ],
    ["an endless integer", 10n ** 4300n, "has more than 4300 digits"],
  ])("refuses %s with its path and the remedy", (_, bad, message) => {
    const bury = () => encode([{ boxes: [0, 1, 2, { mask: bad }] }], "args");
    expect(bury).toThrow(refused("args[0].boxes[3].mask "));
    expect(bury).toThrow(refused(message));
  });

  it("refuses a cycle, and takes what is merely shared", () => {
    const shared = { a: 1 };
    expect(encode([shared, shared]).json).toEqual([{ a: 1 }, { a: 1 }]);
    const cycle: Record<string, unknown> = { list: [] };
    (cycle.list as unknown[]).push({ back: cycle });
    expect(() => encode(cycle)).toThrow(refused("value.list[0].back contains itself"));
  });

  it("refuses nesting deeper than its limit instead of overflowing the stack", () => {
    const nest = (depth: number) => {
      let value: unknown = 1;
      for (let at = 0; at < depth; at += 1) value = [value];
      return value;
    };
    expect(() => encode(nest(maxValueDepth))).not.toThrow();
    expect(() => encode(nest(maxValueDepth + 1))).toThrow(refused("is nested deeper than 256"));
    expect(() => encode(nest(100_000))).toThrow(TrError);
  });
});
