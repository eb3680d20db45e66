import { describe, expect, it } from "vitest";
import { TrError } from "./errors.js";
import { parseMessage } from "./parse-message.js";

describe("a user's message", () => {
  it.each([
    ["matmul input_a input_b", "matmul", "input_a input_b"],
    ["hello big world", "hello", "big world"],
    ["  hello \t big  world \n", "hello", "big  world"],
    ["exit", "exit", ""],
    ["add 3.5, x", "add", "3.5, x"],
    ["add a,b", "add", "a,b"],
  ])("plain text %j: the first word is the command", (text, command, words) => {
    expect(parseMessage(text)).toEqual({ command, words, extra: {} });
  });

  it.each([
    [{ cmd: "matmul", params: "a,b" }, "a b"],
    [{ cmd: "matmul", params: "a, b" }, "a b"],
    [{ command: "matmul", parameters: "a b" }, "a b"],
    [{ command: "matmul", cmd: "other", parameters: "a b", params: "c,d" }, "a b"],
    [{ command: "matmul" }, ""],
    [{ command: "matmul", parameters: null }, ""],
  ])("an object or its JSON text, %j, in either dialect", (object, words) => {
    const expected = { command: "matmul", words, extra: {} };
    expect(parseMessage(object)).toEqual(expected);
    expect(parseMessage(` ${JSON.stringify(object)}\n`)).toEqual(expected);
  });

  it("takes commas for separators only in params alone, and only between names", () => {
    expect(parseMessage({ cmd: "f", params: "3.5,x" }).words).toBe("3.5,x");
    expect(parseMessage({ cmd: "f", params: "hello, big world" }).words).toBe("hello, big world");
    expect(parseMessage({ cmd: "f", params: "a,,b" }).words).toBe("a,,b");
    expect(parseMessage({ command: "f", parameters: "a,b" }).words).toBe("a,b");
  });

  it("keeps the other fields, but for those that the host writes itself", () => {
    const message = { command: "f", timestamp: 1, id: "x", protocol: 2, args: [1], mood: "fine" };
    expect(parseMessage(message).extra).toEqual({ args: [1], mood: "fine" });
  });

  it("is not fooled by keys of the prototype", () => {
    const text = '{"command":"f","__proto__":{"polluted":1},"constructor":2}';
    const { extra } = parseMessage(text);
    expect(Object.keys(extra)).toEqual(["__proto__", "constructor"]);
    expect("polluted" in extra).toBe(false);
    expect(() => parseMessage(Object.create({ command: "inherited" }))).toThrow(TrError);
  });

  it.each([[""], ["  \n"], ["{"], ["{}"], [{}], [{ command: "" }], [{ command: 5 }]])(
    "refuses %j",
    (message) => {
      expect(() => parseMessage(message)).toThrow(
        expect.objectContaining({ code: "TR_INVALID_ARGUMENT" }),
      );
    },
  );

  it("refuses what is neither text nor object", () => {
    for (const bad of [undefined, null, 5, ["f"]]) {
      expect(() => parseMessage(bad as unknown as string)).toThrow(TrError);
    }
  });
});
