import * as root from "@tr/file-channel";
import { expect, it } from "vitest";

it("exports these names and no others", () => {
  expect(Object.keys(root).sort()).toEqual([
    "createMemoryChannel",
    "fileNamePattern",
    "openFileChannel",
    "pollIntervalMs",
  ]);
});
