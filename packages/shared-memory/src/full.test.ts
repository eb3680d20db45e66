import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const unshare = ["--mount", "--user", "--map-root-user"];
const hasNamespaces = spawnSync("unshare", [...unshare, "true"], { stdio: "ignore" }).status === 0;

it.skipIf(!hasNamespaces)(
  "a full memory file system is a typed error on both sides, and kills neither (needs unshare and its mounts)",
  () => {
    const directory = mkdtempSync(join(tmpdir(), "tr-full-"));
    const test = (name: string) => fileURLToPath(new URL(`../test/${name}`, import.meta.url));
    const mount = 'mount -t tmpfs -o size=2m none "$0" && exec "$@"';
    const program = [process.execPath, test("full.mjs"), directory, test("worker.py")];
    try {
      const text = execFileSync("unshare", [...unshare, "sh", "-c", mount, directory, ...program], {
        encoding: "utf8",
        env: {
          ...process.env,
          PYTHONPATH: fileURLToPath(new URL("../../../python/src", import.meta.url)),
        },
      });
      expect(JSON.parse(text)).toEqual({
        "no space for the block": "TR_WORKSPACE_FULL",
        "left of it": ["filler"],
        "a tensor": "TR_WORKSPACE_FULL",
        "a large tensor": "TR_WORKSPACE_FULL",
        "a long message": "TR_WORKSPACE_FULL",
        "a result": "TR_WORKSPACE_FULL",
        afterwards: 9,
      });
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  },
);
