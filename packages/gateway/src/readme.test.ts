import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { expect, it } from "vitest";

it("the README's program prints what it should", async () => {
  const markdown = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const block = (language: string) =>
    new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, "m").exec(markdown)?.[1] ?? "";
  const folder = mkdtempSync(join(import.meta.dirname, "..", "dist", "readme-"));
  try {
    writeFileSync(join(folder, "agent.py"), block("python"));
    writeFileSync(join(folder, "main.ts"), block("ts"));
    const { stdout } = await execa(process.execPath, ["main.ts"], { cwd: folder });
    expect(stdout.split("\n")).toEqual([
      "session_start: the agent has begun",
      "thinking: asking small",
      "answer: WHY?",
      "completed: the session has ended",
    ]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
