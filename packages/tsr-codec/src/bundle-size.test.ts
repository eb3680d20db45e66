import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "tsup";
import { afterAll, expect, it } from "vitest";

const outDir = mkdtempSync(join(tmpdir(), "tsr-codec-bundle-"));
afterAll(() => rmSync(outDir, { recursive: true }));

it("the main entry, minified for browsers, takes at most 12 KiB", async () => {
  await build({
    config: false,
    entry: [fileURLToPath(new URL("../dist/index.js", import.meta.url))],
    outDir,
    format: "esm",
    platform: "browser",
    target: "es2024",
    splitting: false,
    minify: true,
    silent: true,
  });
  const bundle = readFileSync(join(outDir, "index.js"), "utf8");
  expect(bundle).toContain("TSR_TRUNCATED");
  expect(bundle).not.toMatch(/\bBuffer\b|\bprocess\b|node:|\brequire\b/);
  expect(Buffer.byteLength(bundle)).toBeLessThanOrEqual(12 * 1024);
});
