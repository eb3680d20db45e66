import { fileURLToPath } from "node:url";
import { findPython, pythonPath } from "@tr/worker-py";
import { execa } from "execa";

const files = {
  node: process.execPath,
  python: findPython({ script: fileURLToPath(import.meta.url) }).file,
};

/** For programs: the Python package is in place as after `pip install`. */
export const programEnvironment = { PYTHONPATH: pythonPath, NO_COLOR: "1" };

/** What a program prints, with the Python package in place as after `pip install`. */
export async function runProgram(
  language: keyof typeof files,
  args: readonly string[],
  cwd: string,
): Promise<string> {
  const { stdout } = await execa(files[language], args, {
    cwd,
    env: programEnvironment,
    stripFinalNewline: false,
    timeout: 30_000, // a program that hangs is ended, and named by its line
  });
  return stdout;
}
