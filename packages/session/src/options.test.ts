import { describe, expect, it } from "vitest";
import { PythonSession } from "./python-session.js";

const invalid = (text: RegExp) =>
  expect.objectContaining({ code: "TR_INVALID_ARGUMENT", message: expect.stringMatching(text) });

describe("the options", () => {
  it.each([
    [{ sessionId: "../up" }, /sessionId/],
    [{ sessionId: "" }, /sessionId/],
    [{ sessionId: "x".repeat(65) }, /sessionId/],
    [{ sessionFolder: "a/b" }, /sessionFolder/],
    [{ python: [] as string[], startTimeoutMs: 0 }, /startTimeoutMs/],
    [{ startTimeoutMs: Number.NaN }, /startTimeoutMs/],
    [{ script: "" }, /script/],
    [{ minFreeBytes: -1 }, /minFreeBytes/],
    [{ args: "abc" }, /args: expected a list/],
    [{ args: ["a\0b"] }, /args/],
    [{ env: 5 }, /env/],
    [{ env: { A: 5 } }, /env/],
    [{ quiet: "no" }, /quiet: expected true or false/],
    [{ notifications: "off" }, /notifications/],
    [{ cancelGraceMs: 0 }, /cancelGraceMs: expected a number of milliseconds > 0/],
    [{ unresponsive: "restart" }, /unresponsive: expected "report" or "kill"/],
    [{ restart: true }, /restart: expected an object/],
    [{ restart: {} }, /restart.onCrash: expected true or false/],
    [{ restart: { onCrash: true, maxRestarts: 0.5 } }, /restart.maxRestarts: expected a whole/],
    [{ restart: { onCrash: true, windowMs: -1 } }, /restart.windowMs/],
    [{ restart: { onCrash: true, times: 3 } }, /restart.times: expected one of onCrash/],
    [{ timeout: 5 }, /timeout: expected one of script/],
  ])("%o are refused with the option's name", (options, text) => {
    expect(() => new PythonSession(options as object)).toThrow(invalid(text));
  });

  it("may be a script, an id and quiet in that order", () => {
    const session = new PythonSession("server.py", "my-id", true);
    expect(session.sessionId).toBe("my-id");
    expect(session.state).toEqual({ status: "idle" });
  });

  it("leave the id to chance, and never the same", () => {
    const ids = new Set(Array.from({ length: 1000 }, () => new PythonSession().sessionId));
    expect(ids.size).toBe(1000);
  });
});
