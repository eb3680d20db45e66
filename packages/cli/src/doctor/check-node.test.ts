import { expect, it } from "vitest";
import { checkNode } from "./check-node.js";

it.each([
  ["18.20.0", "bad"],
  ["22.11.0", "bad"],
  ["22.12.0", "fine"],
  ["24.0.0", "fine"],
])("Node %s is %s", (version, level) => {
  expect(checkNode(version).level).toBe(level);
});
