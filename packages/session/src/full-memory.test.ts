import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { expect, it } from "vitest";
import { isMapped, script } from "../test/scripts.js";

const unshare = ["unshare", "--mount", "--user", "--map-root-user"];
const mount = 'mount -t tmpfs -o size=2m none /dev/shm && exec "$0" "$@"';
const inNamespace = (...command: string[]) => [...unshare, "sh", "-c", mount, ...command];
const [file = "", ...args] = inNamespace("true");
const canMount = spawnSync(file, args, { stdio: "ignore" }).status === 0;

const fullMemory = async () => {
  const temporary = mkdtempSync(join(tmpdir(), "tr-full-memory-"));
  try {
    const program = fileURLToPath(new URL("../test/full-memory.mjs", import.meta.url));
    const command = inNamespace(process.execPath, program, script("commands.py"), temporary);
    const { stdout } = await execa({ env: { TMPDIR: temporary, TR_WORKSPACE: "" } })`${command}`;
    const transport = isMapped ? "mapped" : "shared-memory";
    const warnings = [["TR_WORKSPACE_FULL", true]];
    const elsewhere = { transport, isElsewhere: true, warnings, isRight: true };
    const there = { transport, isElsewhere: false, warnings: [], isRight: true };
    expect(JSON.parse(stdout)).toEqual({
      "too little room": elsewhere,
      "as much as is wanted": there,
      full: elsewhere,
      "full, named": elsewhere,
      "full, files": { code: "TR_WORKSPACE_FULL", warnings: [] },
      "full of what the dead have left": there,
      "full in the middle": {
        ...there,
        before: 1,
        // Memory files are not of this file system.
        argument: isMapped ? "done" : "TR_WORKSPACE_FULL",
        result: isMapped ? "done" : "TR_WORKSPACE_FULL",
        text: "TR_WORKSPACE_FULL",
        longAnswer: "TR_WORKSPACE_FULL",
        after: 2,
      },
      left: [],
    });
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
};

if (canMount) {
  it(
    "a memory file system that is full at the start or later: the temporary directory with a warning, or a typed error",
    fullMemory,
  );
}
