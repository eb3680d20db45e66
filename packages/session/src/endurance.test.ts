import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { expect, it } from "vitest";
import { isDefault, script } from "../test/scripts.js";

// The ways that are not the default are tried for less long.
const [calls, sessions, callsEach] = isDefault ? [10_000, 8, 1000] : [4000, 4, 500];

const endurance = async () => {
  const workspace = mkdtempSync(join(tmpdir(), "tr-endurance-"));
  try {
    const program = fileURLToPath(new URL("../test/endurance.mjs", import.meta.url));
    const { stdout } = await execa(process.execPath, [
      "--expose-gc",
      program,
      script("commands.py"),
      workspace,
      ...[calls, sessions, callsEach].map(String),
    ]);
    const result = JSON.parse(stdout);
    console.log(`endurance: ${stdout}`);
    expect(result).toMatchObject({ wrong: 0, files: [], directories: [] });
    expect(result.hostBytesPerCall).toBeLessThanOrEqual(1024);
    expect(result.workerBytesPerCall).toBeLessThanOrEqual(1024);
  } finally {
    rmSync(workspace, { recursive: true, force: true });
  }
};

if (process.platform === "linux") {
  const title = `${calls} calls in a row and ${sessions} sessions with ${callsEach} calls each: every answer right, nothing left, memory flat`;
  it(title, endurance, 120_000);
}
