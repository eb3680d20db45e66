import { describe, expect, it, vi } from "vitest";
import { TsrError } from "./tsr-error.js";

const details = { field: "dtype", expected: "1 to 8", found: 9 };

describe("TsrError", () => {
  it("carries code, field, expected and found, and says them", () => {
    const error = new TsrError("TSR_BAD_DTYPE", {
      ...details,
      remedy: "Read it with a newer one.",
    });
    expect(error).toMatchObject({ name: "TsrError", code: "TSR_BAD_DTYPE", ...details });
    expect(error.message).toBe(
      "TSR_BAD_DTYPE: dtype: expected 1 to 8, found 9. Read it with a newer one.",
    );
    expect(error).toBeInstanceOf(Error);
    expect("cause" in error).toBe(false);
    expect(new TsrError("TSR_BAD_DTYPE", { ...details, cause: "why" }).cause).toBe("why");
  });

  it("is recognised when another copy of the package made it", async () => {
    vi.resetModules();
    const other = await import("./tsr-error.js");
    const error = new other.TsrError("TSR_BAD_DTYPE", details);
    expect(error).not.toBeInstanceOf(TsrError);
    expect(TsrError.is(error)).toBe(true);
    expect(Object.keys(error)).not.toContain("marker");
  });

  it.each([undefined, null, "TSR_BAD_DTYPE", new Error("x"), { code: "TSR_BAD_DTYPE" }])(
    "does not take %s for one",
    (value) => {
      expect(TsrError.is(value)).toBe(false);
    },
  );
});
