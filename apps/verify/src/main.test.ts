import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { describe, expect, it } from "vitest";

const main = fileURLToPath(new URL("../dist/main.js", import.meta.url));

/** The program; with `module` it verifies what that module exports. */
async function run(module?: string) {
  const folder = mkdtempSync(join(tmpdir(), "tr-verify-"));
  try {
    const path = join(folder, "own.mjs");
    if (module !== undefined) writeFileSync(path, module);
    const args = module === undefined ? [main] : [main, path];
    return await execa(process.execPath, args, { reject: false });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const lines = (text: string, pattern: RegExp) => text.split("\n").filter((l) => pattern.test(l));

describe("verify", () => {
  it("finds every implementation right", async () => {
    const { exitCode, stdout } = await run();
    expect(stdout).toMatch(/^Against PyTorch \d/);
    for (const name of ["matmul", "add", "softmax", "layer norm", "conv2d"]) {
      expect(lines(stdout, new RegExp(`^${name} .*✓`)).length).toBeGreaterThanOrEqual(4);
    }
    expect(lines(stdout, /✗/)).toEqual([]);
    expect(stdout).toContain("All 25 cases are right.");
    expect(exitCode).toBe(0);
  });

  it("ends with exit code 1 when one is wrong, and says which and how", async () => {
    // Right but for numbers above 709, where exp overflows: the reason for extreme cases.
    const { exitCode, stdout } = await run(`
      export function softmax(x, dim) {
        const size = x.shape.at(dim);
        const step = x.shape.slice(dim).slice(1).reduce((a, b) => a * b, 1);
        const exp = Float64Array.from(x.data, Math.exp);
        const sums = exp.map((_, i) => {
          const start = i - step * (Math.floor(i / step) % size);
          let sum = 0;
          for (let k = 0; k < size; k++) sum += exp[start + k * step];
          return sum;
        });
        return { ...x, data: Float32Array.from(exp, (value, i) => value / sums[i]) };
      }
      export const add = (a) => a;
      export function layerNorm() { throw new Error("not written yet"); }
      export function conv2d() {}
    `);
    expect(lines(stdout, /^softmax .*✗/)).toEqual([expect.stringMatching(/±10,000 .*Infinity/)]);
    expect(lines(stdout, /^add 4×1 .*✗ wrong: float32 \[4,1\] instead of .*\[4,6\]/)).toHaveLength(
      1,
    );
    expect(lines(stdout, /^layer norm .*✗ wrong: threw Error: not written yet/)).toHaveLength(4);
    expect(lines(stdout, /^conv2d .*✗ wrong: gave undefined/)).toHaveLength(4);
    expect(lines(stdout, /^matmul .*✓/)).toHaveLength(6);
    expect(exitCode).toBe(1);
  });

  it("refuses a module that exports something else", async () => {
    const { exitCode, stderr } = await run("export const sofmax = (x) => x;");
    expect(stderr).toContain("exports sofmax; what can be verified: matmul, add, softmax");
    expect(exitCode).toBe(1);
  });
});
