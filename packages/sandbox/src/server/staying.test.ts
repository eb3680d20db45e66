import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { folder } from "../../test/back-ends.js";

const program = fileURLToPath(new URL("../../test/waits-for-calls.mjs", import.meta.url));

it("keeps a program that waits for nothing else, and lets it end", async () => {
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, [program, folder, "echo", "die"]);
  expect(stdout.trim()).toBe("0");
});
