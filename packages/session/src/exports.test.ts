import { TrError as protocolTrError } from "@tr/protocol/errors";
import * as root from "@tr/session";
import { expect, expectTypeOf, it } from "vitest";

it("exports what it says, and the protocol's own TrError", () => {
  expect(Object.keys(root).sort()).toEqual(["PythonSession", "TrError", "generateTypes"]);
  expect(root.TrError).toBe(protocolTrError);
});

it("has a state that narrows by its status", () => {
  const use = (state: root.SessionState) => {
    if (state.status === "busy") expectTypeOf(state.pending).toEqualTypeOf<number>();
    if (state.status === "crashed") expectTypeOf(state.error).toExtend<root.TrError>();
    if (state.status === "idle") expectTypeOf(state).not.toHaveProperty("pid");
  };
  expectTypeOf(use).parameter(0).toEqualTypeOf<root.PythonSession["state"]>();
});
