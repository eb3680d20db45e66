import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { expect, it } from "vitest";

const main = fileURLToPath(new URL("../dist/main.js", import.meta.url));

it("greets by way of Python", async () => {
  const { stdout } = await execa(process.execPath, [main, "big", "world"]);
  expect(stdout).toBe("Hello Big World, this is Python");
});
