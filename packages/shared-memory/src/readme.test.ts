import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

it("the README's programs print what the README says", () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const block = (language: string) =>
    new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, "s").exec(readme)?.[1] ?? "";
  // Inside of the package, which finds itself there by its name.
  const folder = mkdtempSync(join(import.meta.dirname, "..", "dist", "readme-"));
  try {
    writeFileSync(join(folder, "worker.py"), block("python"));
    writeFileSync(join(folder, "main.mjs"), block("js"));
    const printed = execFileSync(process.execPath, ["main.mjs"], {
      cwd: folder,
      encoding: "utf8",
      env: {
        ...process.env,
        PYTHONPATH: fileURLToPath(new URL("../../../python/src", import.meta.url)),
      },
    });
    expect(printed).toBe(block("text"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
