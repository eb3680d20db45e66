import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach } from "vitest";
import { Pool, type PoolOptions } from "../src/index.js";

export function script(name: string): string {
  return fileURLToPath(new URL(`scripts/${name}`, import.meta.url));
}

/** Pools in a workspace of the test's own, closed at its end; then nothing may be left in it. */
export function usePools() {
  const open: Pool[] = [];
  const context = {
    workspace: "",
    make(options: PoolOptions = {}): Pool {
      const pool = new Pool({
        ...{ script: script("pooled.py"), workspace: context.workspace, quiet: true, size: 2 },
        ...options,
      });
      open.push(pool);
      return pool;
    },
    async ready(options: PoolOptions = {}): Promise<Pool> {
      const pool = context.make(options);
      await pool.ready();
      return pool;
    },
  };
  beforeEach(() => {
    context.workspace = mkdtempSync(join(tmpdir(), "tr-pool-test-"));
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((pool) => pool.close({ drainMs: 1 })));
    const found = readdirSync(context.workspace, { recursive: true, encoding: "utf8" });
    rmSync(context.workspace, { recursive: true, force: true });
    const left = found.filter((path) => path.includes("tr_session_"));
    if (left.length > 0) throw new Error(`left behind: ${left.join(", ")}`);
  });
  return context;
}
