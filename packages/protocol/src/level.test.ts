import { expect, it } from "vitest";
import { negotiateLevel } from "./level.js";
import { parseStatus } from "./parse-status.js";

const workerInfo = {
  protocol: 2 as const,
  pid: 1,
  python: "3.11.7",
  packages: {},
  commands: [],
  concurrency: 1,
  bell: false,
};

it("is 2 when the worker has written worker.json, whatever the status", () => {
  const level2 = { level: 2, workerInfo };
  expect(negotiateLevel({ status: undefined, workerInfo })).toEqual(level2);
  expect(negotiateLevel({ status: parseStatus("ready"), workerInfo })).toEqual(level2);
});

it.each(["ready", "running", "busy", "ok", "done", "error: x", "exiting", "terminated"])(
  "is 1 when there is only the status %j",
  (word) => {
    const seen = { status: parseStatus(word), workerInfo: undefined };
    expect(negotiateLevel(seen)).toEqual({ level: 1 });
  },
);

it.each(["", "exit", "something else"])("is not known from the status %j", (word) => {
  expect(negotiateLevel({ status: parseStatus(word), workerInfo: undefined })).toBe(undefined);
});

it("is not known from nothing", () => {
  expect(negotiateLevel({ status: undefined, workerInfo: undefined })).toBe(undefined);
});
