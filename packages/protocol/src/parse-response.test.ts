import { describe, expect, it } from "vitest";
import { parseResponse } from "./parse-response.js";

const plain = { level: 1, seq: 0, final: true, kind: "value", text: "", tensors: [], command: "" };
const level2 = { id: "r-1", seq: 0, final: true, kind: "value" };

describe("a level 1 response", () => {
  it.each([
    ['{"cmd": "", "params": "r"}', { text: "r" }],
    ['{"cmd":"m","params":"r0,r1"}', { text: "r0,r1", command: "m" }],
    [
      '{"command":"hello","result":"ok","message":"Hello World","timestamp":1}',
      { text: "Hello World", command: "hello" },
    ],
    ['{"result":"ok"}', {}],
    [
      '{"cmd":"m","params":"r","command":"m","result":"ok","message":"done","tensors":["r"]}',
      { text: "done", command: "m", tensors: ["r"] },
    ],
    ["Hello World\n", { text: "Hello World" }],
    ["", {}],
    ["[1]", { text: "[1]" }],
    ['{"cmd":null,"params":"x","id":null}', { text: "x" }],
  ])("%s", (text, expected) => {
    expect(parseResponse(text)).toEqual({ ...plain, ...expected });
    expect(parseResponse(new TextEncoder().encode(text))).toEqual({ ...plain, ...expected });
  });

  it("says of a failed call what the worker said of it", () => {
    const text = '{"command":"f","result":"error","message":"no such thing"}';
    const error = { type: "", message: "no such thing", traceback: "" };
    expect(parseResponse(text)).toMatchObject({ kind: "error", text: "no such thing", error });
    const ours = { type: "ValueError", message: "bad", traceback: "Traceback" };
    const both = JSON.stringify({ params: "bad", result: "error", error: ours });
    expect(parseResponse(both)).toMatchObject({ kind: "error", error: ours });
  });
});

describe("a level 2 response", () => {
  it("has id, seq, final, kind and value", () => {
    const text = JSON.stringify({
      ...level2,
      seq: 3,
      final: false,
      kind: "item",
      value: { $tensor: "t" },
      tensors: ["t"],
    });
    expect(parseResponse(text)).toEqual({
      ...plain,
      text: "t",
      level: 2,
      id: "r-1",
      seq: 3,
      final: false,
      kind: "item",
      value: { $tensor: "t" },
      tensors: ["t"],
    });
  });

  it("has its value or its tags as its text where it says none", () => {
    const said = { protocol: 2, id: "r", seq: 0, final: true, kind: "value" };
    const textOf = (more: object) => parseResponse(JSON.stringify({ ...said, ...more })).text;
    expect(textOf({ value: "words" })).toBe("words");
    expect(textOf({ value: [], tensors: ["a", "b"] })).toBe("a,b");
    expect(textOf({ value: 1 })).toBe("");
    expect(textOf({ value: "words", message: "" })).toBe("");
  });

  it("tells a null value from none", () => {
    expect(parseResponse(JSON.stringify({ ...level2, value: null })).value).toBe(null);
    expect("value" in parseResponse(JSON.stringify(level2))).toBe(false);
  });

  it("carries a Python error with its module, code and the known commands", () => {
    const error = {
      type: "UnknownCommand",
      message: "no f",
      traceback: "",
      module: "tech_renaissance",
      code: "TR_UNKNOWN_COMMAND",
      commands: ["g", "h"],
    };
    const text = JSON.stringify({ ...level2, kind: "error", error });
    expect(parseResponse(text)).toMatchObject({ kind: "error", error });
  });
});

describe("a malformed response", () => {
  it.each([
    ["{", 'begins with "{" but is not JSON'],
    ['{"cmd": "", "params": "r0""r1"}', 'begins with "{" but is not JSON'],
    ["{}", '"params" must be there (or "result" or "message"), found undefined'],
    ['{"cmd":"x"}', '"params" must be there'],
    ['{"params":5}', '"params" must be a string, found 5'],
    ['{"params":"a","message":{}}', '"message" must be a string, found an object'],
    ['{"result":"fine"}', '"result" must be "ok" or "error", found "fine"'],
    ['{"params":"","tensors":"r"}', '"tensors" must be an array of tags, found "r"'],
    ['{"params":"","tensors":["a","../b"]}', '"tensors[1]" must be a tag, found "../b"'],
    ['{"id":5}', '"id" must be a name, found 5'],
    ['{"id":"a/b"}', '"id" must be a name, found "a/b"'],
    ['{"id":"r"}', '"seq" must be 0, 1, …, found undefined'],
    ['{"id":"r","seq":-1}', '"seq" must be 0, 1, …, found -1'],
    ['{"id":"r","seq":0.5}', '"seq" must be 0, 1, …, found 0.5'],
    ['{"id":"r","seq":1e999}', '"seq" must be 0, 1, …, found Infinity'],
    ['{"id":"r","seq":9007199254740993}', '"seq" must be'],
    ['{"id":"r","seq":0}', '"final" must be a boolean, found undefined'],
    ['{"id":"r","seq":0,"final":true}', '"kind" must be "value"'],
    ['{"id":"r","seq":0,"final":true,"kind":"toString"}', '"kind" must be "value"'],
    ['{"id":"r","seq":0,"final":true,"kind":"error"}', '"error" must be an object'],
    ['{"id":"r","seq":0,"final":true,"kind":"error","error":[]}', '"error" must be an object'],
    [
      '{"id":"r","seq":0,"final":true,"kind":"error","error":{"type":1}}',
      '"error.type" must be a string',
    ],
    [
      '{"id":"r","seq":0,"final":true,"kind":"error","error":{"commands":[1]}}',
      '"error.commands" must be an array of strings',
    ],
  ])("%s: the error names the field, what it found and what it expected", (text, message) => {
    expect(() => parseResponse(text)).toThrow(
      expect.objectContaining({ code: "TR_PROTOCOL", message: expect.stringContaining(message) }),
    );
  });

  it("that is not UTF-8 is refused, not mangled", () => {
    const bytes = new TextEncoder().encode('{"params":"?"}');
    bytes[bytes.indexOf(0x3f)] = 0xff;
    expect(() => parseResponse(bytes)).toThrow(
      expect.objectContaining({ code: "TR_PROTOCOL", message: expect.stringContaining("UTF-8") }),
    );
  });

  it("shows only the beginning of a long text", () => {
    const long = `{${"x".repeat(1e6)}`;
    expect(() => parseResponse(long)).toThrow(/\(1000001 characters\)/);
    try {
      parseResponse(long);
    } catch (error) {
      expect((error as Error).message.length).toBeLessThan(500);
    }
  });

  it("that is a depth bomb neither overflows the stack nor is refused before its value is used", () => {
    const bomb = "[".repeat(1e6) + "]".repeat(1e6);
    const text = `{"id":"r","seq":0,"final":true,"kind":"value","value":${bomb}}`;
    expect(parseResponse(text).id).toBe("r");
  });

  it("cannot pollute prototypes or hide behind __proto__; of duplicate keys the last counts", () => {
    const text = '{"__proto__":{"id":"evil","polluted":1},"params":"a","params":"b"}';
    const response = parseResponse(text);
    expect(response).toEqual({ ...plain, text: "b" });
    expect(({} as Record<string, unknown>).polluted).toBe(undefined);
  });
});
