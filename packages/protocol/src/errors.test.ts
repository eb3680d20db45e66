import { readFileSync } from "node:fs";
import { inspect } from "node:util";
import { runInNewContext } from "node:vm";
import { describe, expect, expectTypeOf, it } from "vitest";
import { TrError, trErrorCodes } from "./errors.js";

describe("TrError", () => {
  it("carries the fields of its code as properties of its own, and the cause", () => {
    const cause = new Error("underneath");
    const error = new TrError("TR_PYTHON_ERROR", "ValueError: no", {
      pythonType: "ValueError",
      pythonMessage: "no",
      pythonTraceback: "Traceback …",
      cause,
    });
    expect(error).toBeInstanceOf(Error);
    expect(error.message).toBe("ValueError: no");
    expect(error.cause).toBe(cause);
    expect({ ...error }).toEqual({
      code: "TR_PYTHON_ERROR",
      pythonType: "ValueError",
      pythonMessage: "no",
      pythonTraceback: "Traceback …",
    });
    expect(String(error)).toBe("TrError: ValueError: no");
    expect(inspect(error)).toContain("TR_PYTHON_ERROR");
  });

  it("has no cause unless one was given", () => {
    expect("cause" in new TrError("TR_PROTOCOL", "x")).toBe(false);
    expect("cause" in new TrError("TR_PROTOCOL", "x", { cause: undefined })).toBe(true);
  });

  it("is recognised by its marker, with and without a code, in the copy of another realm too", () => {
    const error: unknown = new TrError("TR_CANCELLED", "x", { stopped: "killed" });
    expect(TrError.is(error)).toBe(true);
    expect(TrError.is(error, "TR_CANCELLED")).toBe(true);
    expect(TrError.is(error, "TR_PROTOCOL")).toBe(false);
    const source = readFileSync(new URL("./errors.ts", import.meta.url), "utf8");
    const name = /Symbol\.for\("(.+?)"\)/.exec(source)?.[1];
    const other: unknown = runInNewContext(
      `Object.assign(new Error("x"), { code: "TR_CANCELLED", [Symbol.for("${name}")]: true })`,
    );
    expect(other).not.toBeInstanceOf(Error);
    expect(TrError.is(other, "TR_CANCELLED")).toBe(true);
  });

  it("takes nothing else for a TrError", () => {
    for (const value of [undefined, null, 1, "TR_PROTOCOL", {}, [], new Error("x")]) {
      expect(TrError.is(value)).toBe(false);
    }
    expect(TrError.is({ code: "TR_PROTOCOL", name: "TrError" })).toBe(false);
  });

  it("is typed by code: is() and a switch narrow to the fields", () => {
    const error: unknown = new TrError("TR_WORKER_CRASHED", "x", {
      exitCode: null,
      signal: "SIGKILL",
      oom: true,
      stderrTail: "",
    });
    if (!TrError.is(error, "TR_WORKER_CRASHED")) throw error;
    expectTypeOf(error.signal).toEqualTypeOf<string | null>();
    expectTypeOf(error.code).toEqualTypeOf<"TR_WORKER_CRASHED">();
    expect(error.signal).toBe("SIGKILL");
    const any: unknown = error;
    if (!TrError.is(any)) throw any;
    expectTypeOf(any).toExtend<TrError>();
    if (any.code === "TR_TOOL_ERROR") expectTypeOf(any.toolCode).toEqualTypeOf<number>();
    // @ts-expect-error a code that is not in the list
    new TrError("TR_NO_SUCH_CODE", "x");
    // @ts-expect-error a field of another code
    new TrError("TR_SCRIPT_NOT_FOUND", "x", { lookedIn: [] });
  });

  it("has each code once", () => {
    expect(new Set(trErrorCodes).size).toBe(trErrorCodes.length);
  });
});
