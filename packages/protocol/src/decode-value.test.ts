import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeValue } from "./decode-value.js";
import { encodeValue } from "./encode-value.js";
import type { JsonValue } from "./json.js";

const getTensor = (tag: string) => ({ tag });
const decode = (json: JsonValue) => decodeValue(json, { getTensor });

describe("decodeValue", () => {
  it("puts tensors, non-finite numbers and big integers back", () => {
    const json = [{ $tensor: "t" }, { $float: "nan" }, { $float: "-inf" }, { $int: "-12" }];
    expect(decode(json)).toEqual([{ tag: "t" }, Number.NaN, -Infinity, -12n]);
  });

  it("asks for a tag once and gives the same tensor wherever it stands", () => {
    const asked: string[] = [];
    const [first, second] = decodeValue([{ $tensor: "t" }, { a: { $tensor: "t" } }], {
      getTensor: (tag) => ({ order: asked.push(tag) }),
    }) as [object, { a: object }];
    expect(asked).toEqual(["t"]);
    expect(second.a).toBe(first);
  });

  it("unwraps $dict and takes the keys in it as they stand", () => {
    expect(decode({ $dict: { $tensor: "mine" } })).toEqual({ $tensor: "mine" });
    expect(decode({ $dict: { $dict: { $int: "5" } } })).toEqual({ $dict: 5n });
  });

  it.each([
    [{ $tensor: "../x" }],
    [{ $tensor: 5 }],
    [{ $tensor: "t", more: 1 }],
    [{ $float: "1.5" }],
    [{ $float: "toString" }],
    [{ $int: "1.5" }],
    [{ $int: "01" }],
    [{ $int: "" }],
    [{ $int: "-" }],
    [{ $int: "9".repeat(4301) }],
    [{ $int: 5 }],
    [{ $dict: [1] }],
    [{ $dict: null }],
    [{ $other: 1 }],
    [{ "": 1 }],
  ])("takes %j for a plain object: no marker, or no valid one", (json) => {
    expect(decode(json as JsonValue)).toEqual(json);
  });

  it("defines a __proto__ key instead of setting the prototype", () => {
    const value = decode(JSON.parse('{"__proto__": {"polluted": 1}}')) as object;
    expect(Object.keys(value)).toEqual(["__proto__"]);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect("polluted" in value).toBe(false);
  });

  it("refuses a depth bomb instead of overflowing the stack", () => {
    const bombs = [
      `${"[".repeat(1e5)}${"]".repeat(1e5)}`,
      `${'{"a":'.repeat(1e5)}1${"}".repeat(1e5)}`,
      `${'{"$dict":'.repeat(1e5)}{}${"}".repeat(1e5)}`,
    ];
    for (const bomb of bombs) {
      expect(() => decode(JSON.parse(bomb))).toThrow(
        expect.objectContaining({ code: "TR_PROTOCOL" }),
      );
    }
  });
});

describe("encodeValue and decodeValue", () => {
  const tensor = fc.uint8Array({ maxLength: 4 });
  const key = fc.oneof(
    fc.constantFrom("$tensor", "$float", "$int", "$dict", "$", "__proto__", "constructor", "1"),
    fc.string({ unit: "binary" }),
  );
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: "small" },
      fc.constantFrom(null, true, false, "nan", "$int"),
      fc.double().map((x) => (Object.is(x, -0) ? 0 : x)), // JSON.stringify writes -0 as 0
      fc.bigInt(),
      fc.string({ unit: "binary" }),
      tensor,
      fc.array(tie("value"), { maxLength: 4 }),
      fc
        .array(fc.tuple(key, tie("value")), { maxLength: 4 })
        .map((entries) => Object.fromEntries(entries)),
    ),
  }));

  it("are inverse to each other for every value that can be sent, through JSON text", () => {
    fc.assert(
      fc.property(value, (original) => {
        const tensors: unknown[] = [];
        const json = encodeValue(original, {
          isTensor: (candidate) => candidate instanceof Uint8Array,
          addTensor: (added) => `t${tensors.push(added) - 1}`,
        });
        const back = decodeValue(JSON.parse(JSON.stringify(json)), {
          getTensor: (tag) => tensors[Number(tag.slice(1))],
        });
        // Not toStrictEqual, which takes a key "constructor" for the class of the object.
        expect(isDeepStrictEqual(back, original)).toBe(true);
      }),
      { seed: 20261121, numRuns: 3000 },
    );
  });
});
