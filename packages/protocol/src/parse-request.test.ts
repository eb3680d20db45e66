import { describe, expect, it } from "vitest";
import { parseRequest } from "./parse-request.js";

const plain = { level: 1, args: [], kwargs: {}, stream: false };

describe("a request, as a worker reads it", () => {
  it.each([
    ['{"cmd": "matmul", "params": "a,b"}', { dialect: 1, command: "matmul", words: "a,b" }],
    ['{"cmd": "exit"}', { dialect: 1, command: "exit", words: "" }],
    [
      '{"command": "matmul", "parameters": "input_a input_b", "timestamp": 1699123456789}',
      { dialect: 2, command: "matmul", words: "input_a input_b" },
    ],
    [
      '{"cmd":"m","params":"a,b","command":"m","parameters":"a b","timestamp":1}',
      { dialect: 2, command: "m", words: "a b" },
    ],
    ["hello big world\n", { dialect: 2, command: "hello", words: "big world" }],
    ['\ufeff{"cmd":"x","params":""}', { dialect: 1, command: "x", words: "" }],
  ])("level 1: %s", (text, expected) => {
    expect(parseRequest(text)).toEqual({ ...plain, ...expected });
    expect(parseRequest(new TextEncoder().encode(text))).toEqual({ ...plain, ...expected });
  });

  it("level 2", () => {
    const text = JSON.stringify({
      cmd: "f",
      params: "",
      id: "r-1",
      protocol: 2,
      args: [{ $tensor: "t" }],
      kwargs: { k: 1 },
      stream: true,
      deadline_ms: 250,
    });
    expect(parseRequest(text)).toEqual({
      level: 2,
      dialect: 2,
      command: "f",
      words: "",
      id: "r-1",
      args: [{ $tensor: "t" }],
      kwargs: { k: 1 },
      stream: true,
      deadlineMs: 250,
    });
  });

  it("ignores fields that are not a request's, whatever their type: message is a response's", () => {
    expect(parseRequest('{"command":"f","message":5}').command).toBe("f");
  });

  it.each([
    ["", '"command" must be a word, found ""'],
    ["{}", '"command" must be the name of a command, found undefined'],
    ['{"command":5}', '"command" must be a string, found 5'],
    ['{"command":"f","cmd":5}', '"cmd" must be a string, found 5'],
    ['{"command":"f","params":[]}', '"params" must be a string, found an array of 0'],
    ["{'command': 'f'}", 'begins with "{" but is not JSON'],
    ['{"command":"f","protocol":3}', '"protocol" must be 2, found 3'],
    ['{"command":"f","protocol":2,"id":"../x"}', '"id" must be a name, found "../x"'],
    ['{"command":"f","protocol":2,"id":"x","args":{}}', '"args" must be an array'],
    ['{"command":"f","protocol":2,"id":"x","kwargs":[]}', '"kwargs" must be an object'],
    ['{"command":"f","protocol":2,"id":"x","stream":1}', '"stream" must be a boolean'],
    ['{"command":"f","protocol":2,"id":"x","deadline_ms":-1}', '"deadline_ms" must be millisec'],
    ['{"command":"f","protocol":2,"id":"x","deadline_ms":1e999}', '"deadline_ms" must be millisec'],
    [
      `{"command":"f","protocol":2,"id":"x","deadline_ms":1${"0".repeat(400)}}`,
      '"deadline_ms" must be millisec',
    ],
  ])("refuses %s and names the field, what it found and what it expected", (text, message) => {
    expect(() => parseRequest(text)).toThrow(
      expect.objectContaining({ code: "TR_PROTOCOL", message: expect.stringContaining(message) }),
    );
  });
});
