import * as root from "@tr/shared-memory";
import { expect, it } from "vitest";

it("exports these names and no others", () => {
  expect(Object.keys(root).sort()).toEqual(["HostCarrier"]);
});
