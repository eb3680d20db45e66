import { describe, expect, it } from "vitest";
import { buildRequest, buildTerseRequest } from "./build-request.js";
import { TrError } from "./errors.js";
import type { JsonValue } from "./json.js";
import { parseRequest } from "./parse-request.js";

const timestampMs = 1699123456789;

describe("buildRequest", () => {
  it("writes both spellings, identical for text", () => {
    const text = buildRequest({ command: "hello", words: "big, world", level: 1, timestampMs });
    expect(JSON.parse(text)).toEqual({
      cmd: "hello",
      params: "big, world",
      command: "hello",
      parameters: "big, world",
      timestamp: timestampMs,
    });
  });

  it("joins tags with commas in params and with spaces in parameters", () => {
    const text = buildRequest({ command: "m", words: "a b c", tags: true, level: 1, timestampMs });
    expect(JSON.parse(text)).toMatchObject({ params: "a,b,c", parameters: "a b c" });
  });

  it("writes the level 2 fields at level 2 and not at level 1", () => {
    const level2 = {
      id: "r-1",
      args: [1, { $tensor: "t" }],
      kwargs: { k: null },
      stream: true,
      deadlineMs: 5000,
    };
    const one = JSON.parse(buildRequest({ command: "f", level: 1, timestampMs, ...level2 }));
    expect(Object.keys(one)).toEqual(["cmd", "params", "command", "parameters", "timestamp"]);
    const two = JSON.parse(buildRequest({ command: "f", level: 2, timestampMs, ...level2 }));
    expect(two).toMatchObject({
      id: "r-1",
      protocol: 2,
      args: [1, { $tensor: "t" }],
      kwargs: { k: null },
      stream: true,
      deadline_ms: 5000,
    });
  });

  it("writes for a worker of level 2 alone what that reads, and nothing twice", () => {
    const input = { command: "f", id: "r-1", level: 2, timestampMs } as const;
    const call = { ...input, args: [1], words: "", extra: { cmd: "evil", constructor: 1 } };
    expect(buildTerseRequest(call)).toBe(
      '{"command":"f","id":"r-1","protocol":2,"args":[1],"constructor":1}',
    );
    const text = buildTerseRequest({ ...input, words: "a b", tags: true });
    expect(parseRequest(text)).toEqual(parseRequest(buildRequest({ ...input, words: "a b" })));
    expect(() => buildTerseRequest({ command: "f", level: 2, timestampMs })).toThrow(TrError);
  });

  it("needs an id at level 2", () => {
    expect(() => buildRequest({ command: "f", level: 2, timestampMs })).toThrow(TrError);
  });

  it("passes further fields on and never lets them override its own", () => {
    const extra = {
      cmd: "evil",
      params: "evil",
      command: "evil",
      parameters: "evil",
      timestamp: 0,
      id: "evil",
      protocol: 7,
      args: ["theirs"],
      user: { deep: true },
    };
    const one = JSON.parse(buildRequest({ command: "f", level: 1, timestampMs, extra }));
    expect(one).toEqual({
      cmd: "f",
      params: "",
      command: "f",
      parameters: "",
      timestamp: timestampMs,
      args: ["theirs"],
      user: { deep: true },
    });
    const two = JSON.parse(
      buildRequest({ command: "f", level: 2, id: "r", args: ["ours"], timestampMs, extra }),
    );
    expect(two).toMatchObject({ id: "r", protocol: 2, args: ["ours"], user: { deep: true } });
    const theirs = JSON.parse(
      buildRequest({ command: "f", level: 2, id: "r", timestampMs, extra: { args: ["theirs"] } }),
    );
    expect(theirs.args).toEqual(["theirs"]);
  });

  it('keeps "params": first for readers that search the text, whatever the user sends', () => {
    const text = buildRequest({
      command: '"params":"x"',
      words: "a b",
      tags: true,
      id: "r",
      level: 2,
      args: [{ params: "nested" }],
      timestampMs,
      extra: { "1": { params: "sorted first by objects" }, '"params":': 1 },
    });
    // What a reader of dialect 1 does.
    const start = text.indexOf('"params":') + '"params":'.length;
    expect(text.slice(start, text.indexOf('"', start + 1) + 1)).toBe('"a,b"');
    expect(JSON.parse(text)["1"]).toEqual({ params: "sorted first by objects" });
  });

  it("never pastes text: quotes, line breaks and lone surrogates survive", () => {
    const words = 'say "hi"\\ \n\u2028 \u0000 😀';
    const text = buildRequest({ command: "echo", words, level: 1, timestampMs });
    expect(parseRequest(text)).toMatchObject({ command: "echo", words });
    const lone = buildRequest({ command: "echo", words: "\ud800", level: 1, timestampMs });
    expect(new TextDecoder("utf-8", { fatal: true }).decode(new TextEncoder().encode(lone))).toBe(
      lone,
    );
  });

  it("refuses what JSON cannot say, also nesting without end", () => {
    let deep: JsonValue = [];
    for (let depth = 0; depth < 200_000; depth += 1) deep = [deep];
    const cycle: JsonValue[] = [];
    cycle.push(cycle);
    for (const bad of [deep, cycle, 1n, () => 1] as unknown as JsonValue[]) {
      const build = () => buildRequest({ command: "f", level: 1, timestampMs, extra: { bad } });
      expect(build).toThrow(/request field "bad" cannot be written as JSON/);
    }
  });
});
