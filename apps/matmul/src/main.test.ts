import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { expect, it } from "vitest";

const main = fileURLToPath(new URL("../dist/main.js", import.meta.url));
const run = (...args: string[]) => execa(process.execPath, [main, ...args], { reject: false });

it("shows the product that PyTorch computed and finds every one right", async () => {
  const { exitCode, stdout } = await run();
  expect(stdout).toMatch(/PyTorch \d/);
  expect(stdout).toContain("a @ b, 4×5, computed by PyTorch:");
  expect(stdout.match(/✓/g)?.length).toBe(11);
  expect(stdout).toContain("All 11 products are right.");
  expect(exitCode).toBe(0);
});

it.each([
  ["adds where it should multiply", "a @ b + 0.001"],
  ["gives the wrong shape", "(a @ b).T"],
  ["gives no number", "a @ b * float('nan')"],
])("ends with exit code 1 when Python %s", async (_, expression) => {
  const folder = mkdtempSync(join(tmpdir(), "tr-matmul-"));
  try {
    const script = join(folder, "server.py");
    // numpy: it is here only to be wrong, and imports faster.
    writeFileSync(
      script,
      `import numpy as np
from tech_renaissance import command, serve

@command
def matmul(a: np.ndarray, b: np.ndarray):
    return np.ascontiguousarray(${expression})

serve()
`,
    );
    const { exitCode, stdout } = await run(script);
    expect(stdout).toContain("✗ wrong");
    expect(exitCode).toBe(1);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
