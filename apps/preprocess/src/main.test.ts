import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { describe, expect, it } from "vitest";

const main = fileURLToPath(new URL("../dist/main.js", import.meta.url));
const server = fileURLToPath(new URL("../server.py", import.meta.url));
const run = (...args: string[]) => execa(process.execPath, [main, ...args], { reject: false });

describe("preprocess", () => {
  it("makes inputs of all images but the broken ones, and names those", async () => {
    const { exitCode, stdout } = await run("--images", "60");
    const lines = stdout.split("\n");
    expect(lines.filter((line) => /^image \d+ cannot/.test(line))).toEqual([
      "image 17 cannot be used: ValueError: expected uint8 (height, width, 3), found uint8 (64, 64)",
      "image 29 cannot be used: ValueError: the image has no pixels: (0, 64, 3)",
      "image 57 cannot be used: ValueError: expected uint8 (height, width, 3), found uint8 (64, 64)",
    ]);
    expect(lines).toContain("57 inputs of 3×224×224; images that cannot be used: 3");
    expect(lines).toContain("3 of 3 checked against TypeScript are right");
    expect(exitCode).toBe(0);
  });

  it("shows its progress in the order of the images, as lines where there is no terminal", async () => {
    const { stdout } = await run("--images", "20");
    expect(stdout).not.toContain("\r");
    const done = [...stdout.matchAll(/^(\d+) of 20 images, \d+ per second$/gm)].map(([, n]) => n);
    expect(done).toEqual(["8", "16", "20"]);
  });

  it.each([
    ["swaps the colours", "np.stack(pixels)", "np.stack(pixels)[..., ::-1]"],
    ["mixes up the images", "np.stack(pixels)", "np.stack(pixels[::-1])"],
    ["gives no numbers", "np.stack(pixels)", "np.stack(pixels) * np.nan"],
  ])("ends with exit code 1 when Python %s", async (_, right, wrong) => {
    const folder = mkdtempSync(join(tmpdir(), "tr-preprocess-"));
    try {
      const script = join(folder, "server.py");
      const source = readFileSync(server, "utf8");
      expect(source).toContain(right);
      writeFileSync(script, source.replace(right, wrong));
      const { exitCode, stdout } = await run("--images", "8", "--script", script);
      expect(stdout).toMatch(/^image 0 is wrong by (\d|NaN)/m);
      expect(stdout).toContain("0 of 1 checked against TypeScript are right");
      expect(exitCode).toBe(1);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
