import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { buildCancel, buildCredit, parseCancel, parseCredit } from "./control.js";
import { TrError } from "./errors.js";
import { parseHeartbeat } from "./heartbeat.js";
import { buildHostInfo, parseHostInfo } from "./host-info.js";
import {
  cancelSchema,
  creditSchema,
  heartbeatSchema,
  hostInfoSchema,
  workerInfoSchema,
} from "./schemas.js";
import { parseWorkerInfo } from "./worker-info.js";

const worker = {
  protocol: 2,
  pid: 4711,
  python: "3.11.7",
  packages: { numpy: "2.4.0" },
  commands: ["matmul"],
};
const protocolError = (message: string) =>
  expect.objectContaining({ code: "TR_PROTOCOL", message: expect.stringContaining(message) });

describe("worker.json", () => {
  it("is read, with concurrency 1 unless it says more; unknown fields are ignored", () => {
    const text = JSON.stringify({ ...worker, mood: "fine" });
    expect(parseWorkerInfo(text)).toEqual({ ...worker, concurrency: 1, bell: false });
    expect(parseWorkerInfo(JSON.stringify({ ...worker, concurrency: 8 })).concurrency).toBe(8);
  });

  it.each([
    [{ protocol: 3 }, '"protocol" must be 2, found 3'],
    [{ pid: "4711" }, '"pid" must be a whole number of 1 or more, found "4711"'],
    [{ pid: 0 }, '"pid" must be a whole number of 1 or more, found 0'],
    [{ commands: ["a", 5] }, '"commands[1]" must be a string, found 5'],
    [{ packages: { numpy: null } }, '"packages.numpy" must be a string, found null'],
    [{ concurrency: 0 }, '"concurrency" must be a whole number of 1 or more, found 0'],
  ])("with %j is refused", (change, message) => {
    expect(() => parseWorkerInfo(JSON.stringify({ ...worker, ...change }))).toThrow(
      protocolError(message),
    );
  });

  it.each(["", "[]", "ready", "{", "null"])("must be a JSON object, not %j", (text) => {
    expect(() => parseWorkerInfo(text)).toThrow(TrError);
  });

  it("cannot set a prototype", () => {
    const text = JSON.stringify(worker).replace('"2.4.0"', '"2.4.0","__proto__":{"polluted":"1"}');
    try {
      const { packages } = parseWorkerInfo(text);
      expect(packages).not.toHaveProperty("polluted");
    } catch (error) {
      expect(TrError.is(error, "TR_PROTOCOL")).toBe(true);
    }
    expect({}).not.toHaveProperty("polluted");
  });
});

describe("host.json", () => {
  it("comes back as it was written; what a platform lacks is left out", () => {
    const info = { pid: 12, startTime: "338822", bootId: "b-1", pidNamespace: "4026531836" };
    expect(parseHostInfo(buildHostInfo(info))).toEqual(info);
    expect(JSON.parse(buildHostInfo({ pid: 12 }))).toEqual({ pid: 12 });
    expect(parseHostInfo('{"pid":12,"boot_id":null}')).toEqual({ pid: 12 });
  });

  it("without a pid is refused", () => {
    expect(() => parseHostInfo("{}")).toThrow(protocolError('"pid" must be a whole number'));
  });
});

describe("heartbeat.json", () => {
  it("says its count, time, phase and request", () => {
    const text = '{"seq":7,"timestamp":1699123456789,"phase":"running","id":"r-1"}';
    const beat = { seq: 7, timestampMs: 1699123456789, phase: "running" };
    expect(parseHeartbeat(text)).toEqual({ ...beat, id: "r-1" });
    expect(parseHeartbeat(text.replace('"r-1"', "null"))).toEqual(beat);
    const more = text.replace("}", ',"rss_bytes":4096,"calls":3}');
    expect(parseHeartbeat(more)).toEqual({ ...beat, id: "r-1", rssBytes: 4096, calls: 3 });
    expect(parseHeartbeat(more.replace("4096", "null"))).toEqual({ ...beat, id: "r-1", calls: 3 });
  });

  it("with an id that is no name is refused", () => {
    const text = '{"seq":7,"timestamp":1,"phase":"running","id":"../x"}';
    expect(() => parseHeartbeat(text)).toThrow(protocolError('"id" must be a name'));
  });
});

describe("cancel.json and credit.json", () => {
  it("come back as they were written", () => {
    expect(buildCancel("r-1")).toBe('{"id":"r-1"}');
    expect(parseCancel(buildCancel("r-1"))).toBe("r-1");
    const granted = new Map([
      ["r-1", 2],
      ["r-2", 40],
    ]);
    expect(buildCredit(granted)).toBe('{"granted":{"r-1":2,"r-2":40}}');
    expect(parseCredit(buildCredit(granted))).toEqual(granted);
  });

  it("refuse what is no name and no count", () => {
    expect(() => buildCancel("../x")).toThrow(TrError);
    expect(() => parseCancel('{"id":"../x"}')).toThrow(protocolError('"id"'));
    expect(() => buildCredit(new Map([["../x", 1]]))).toThrow(TrError);
    expect(() => parseCredit('{"granted":{"../x":1}}')).toThrow(TrError);
    expect(() => parseCredit('{"granted":{"r":-1}}')).toThrow(protocolError('"granted.r"'));
  });
});

it("every file is taken or refused as its schema says", () => {
  const field = fc.constantFrom<unknown>(
    ...[2, 1, 0, -1, 0.5, 2 ** 60, "x", "../x", "", null, true],
    ...[[], {}, ["a"], [5], { a: "b" }, { a: 1 }, { a: null }, { "../x": 1 }],
  );
  const files = [
    [
      parseWorkerInfo,
      workerInfoSchema,
      ["protocol", "pid", "python", "packages", "commands", "concurrency"],
      worker,
    ],
    [parseHostInfo, hostInfoSchema, ["pid", "start_time", "boot_id", "pid_namespace"], { pid: 1 }],
    [
      parseHeartbeat,
      heartbeatSchema,
      ["seq", "timestamp", "phase", "id", "rss_bytes", "calls"],
      { seq: 0, timestamp: 1, phase: "idle" },
    ],
    [parseCancel, cancelSchema, ["id"], { id: "r-1" }],
    [parseCredit, creditSchema, ["granted"], { granted: { r: 1 } }],
  ] as const;
  for (const [parse, schema, fields, whole] of files) {
    const answers = { true: 0, false: 0 };
    const changed = fc.tuple(fc.constantFrom(...fields), field, fc.constantFrom(...fields), field);
    fc.assert(
      fc.property(changed, ([one, first, other, second]) => {
        const content = JSON.stringify({ ...whole, [one]: first, [other]: second });
        let taken = true;
        try {
          parse(content);
        } catch (error) {
          if (!TrError.is(error, "TR_PROTOCOL")) throw error;
          taken = false;
        }
        expect(taken, content).toBe(schema.safeParse(JSON.parse(content)).success);
        answers[`${taken}`]++;
      }),
      { seed: 7, numRuns: 1000 },
    );
    // Both answers were put to the test.
    expect(Math.min(answers.true, answers.false)).toBeGreaterThan(0);
  }
});
