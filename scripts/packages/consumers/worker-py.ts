// Compiled and run against the packed package.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import {
  defaultServerPath,
  type FoundPython,
  findPython,
  launcherPath,
  pythonPath,
} from "@tr/worker-py";

for (const path of [launcherPath, defaultServerPath]) assert(existsSync(path), path);

const python: FoundPython = findPython();
// -S leaves out site-packages, so that only the packed copy can be found.
const program = "import tech_renaissance; print(tech_renaissance.__file__)";
const args = [...python.args, "-S", "-c", program];
const env = { ...process.env, PYTHONPATH: pythonPath, PYTHONDONTWRITEBYTECODE: "1" };
const file = execFileSync(python.file, args, { env, encoding: "utf8" });
assert(file.startsWith(pythonPath), file);

export function refusedByTheCompiler(): void {
  // @ts-expect-error a version number is not a command
  findPython({ python: 3.12 });
  // @ts-expect-error there is no such rule
  void (python.source === "registry");
}
