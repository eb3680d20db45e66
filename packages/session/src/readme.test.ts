import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import { generateTypes } from "./typed/generate-types.js";

/** What each README's programs print, in order. */
const documents: Record<string, string[][]> = {
  "../README.md": [
    ["{ mean: 2.5, percentile: 1.75 }"],
    ["{ mean: 2.5, percentile: 2.5 }"],
    ["{ mean: 2.5, percentile: 3.25 }"],
    ["[ 4, 5 ]", "Hello World"],
  ],
  "../../../README.md": [Array.from({ length: 4 }, () => "4.5")],
};

/** The fenced blocks of a language, in order. */
function blocks(markdown: string, language: string): string[] {
  const fence = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, "gm");
  return [...markdown.matchAll(fence)].map(([, code = ""]) => code);
}

describe.each(Object.entries(documents))("the programs of %s", (path, expected) => {
  it("run as they stand and print what they say", async () => {
    const markdown = readFileSync(new URL(path, import.meta.url), "utf8");
    // Inside the package, so that its name and its dependencies' are found as a user's program finds them.
    const folder = mkdtempSync(join(import.meta.dirname, "..", "dist", "readme-"));
    try {
      for (const server of blocks(markdown, "python"))
        writeFileSync(join(folder, "server.py"), server);
      const programs = blocks(markdown, "ts");
      expect(programs.length).toBe(expected.length);
      for (const [i, program] of programs.entries()) {
        writeFileSync(join(folder, "main.ts"), program);
        if (program.includes("./server.types.ts")) {
          const types = await generateTypes({ script: join(folder, "server.py") });
          writeFileSync(join(folder, "server.types.ts"), types);
        }
        const { stdout } = await execa(process.execPath, ["main.ts"], { cwd: folder });
        for (const text of expected[i] ?? []) expect(stdout).toContain(text);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
