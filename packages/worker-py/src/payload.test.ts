import { existsSync } from "node:fs";
import { join } from "node:path";
import * as root from "@tr/worker-py";
import { execa } from "execa";
import { expect, it } from "vitest";

it("exports what it says", () => {
  expect(Object.keys(root).sort()).toEqual([
    "defaultServerPath",
    "findPython",
    "launcherPath",
    "pythonPath",
  ]);
});

it("carries the Python package: its files are there and it can be imported from it alone", async () => {
  expect(existsSync(root.launcherPath)).toBe(true);
  expect(existsSync(root.defaultServerPath)).toBe(true);
  const { file } = root.findPython({ script: import.meta.filename });
  // -I: neither PYTHONPATH nor the user's site packages can stand in for the payload.
  const program = `import sys; sys.path.insert(0, sys.argv[1]); import tech_renaissance; print(tech_renaissance.__file__)`;
  const { stdout } = await execa(file, ["-I", "-c", program, root.pythonPath]);
  expect(stdout).toBe(join(root.pythonPath, "tech_renaissance", "__init__.py"));
});
