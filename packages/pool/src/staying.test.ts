import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { script } from "../test/pools.js";

const program = fileURLToPath(new URL("../test/waits-for-ready.mjs", import.meta.url));

it("a program that waits for ready() is there to hear why no worker starts", async () => {
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, [program, script("broken.py")]);
  expect(stdout.trim()).toBe("TR_START_FAILED");
});
