import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { expect, it } from "vitest";
import { script } from "../test/scripts.js";

it.runIf(process.platform === "linux")(
  "10,000 calls in a row and 8 sessions with 1,000 calls each: every answer right, nothing left, memory flat",
  async () => {
    const workspace = mkdtempSync(join(tmpdir(), "tr-endurance-"));
    try {
      const program = fileURLToPath(new URL("../test/endurance.mjs", import.meta.url));
      const { stdout } = await execa(process.execPath, [
        "--expose-gc",
        program,
        script("commands.py"),
        workspace,
        "10000",
        "8",
        "1000",
      ]);
      const result = JSON.parse(stdout);
      console.log(`endurance: ${stdout}`);
      expect(result).toMatchObject({ wrong: 0, files: [], directories: [] });
      expect(result.hostBytesPerCall).toBeLessThanOrEqual(1024);
      expect(result.workerBytesPerCall).toBeLessThanOrEqual(1024);
    } finally {
      rmSync(workspace, { recursive: true, force: true });
    }
  },
  120_000,
);
