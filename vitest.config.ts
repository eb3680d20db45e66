import { readdirSync, readFileSync } from "node:fs";
import { defineConfig } from "vitest/config";

// Spelled out, because projects given as globs do not inherit the options below.
const projects = ["packages", "apps"].flatMap((group) =>
  readdirSync(new URL(group, import.meta.url)).map((folder) => {
    const root = `${group}/${folder}`;
    const manifest = readFileSync(new URL(`${root}/package.json`, import.meta.url), "utf8");
    return { extends: true as const, test: { name: JSON.parse(manifest).name as string, root } };
  }),
);

export default defineConfig({
  test: {
    projects,
    // Real processes on a busy machine: the import of PyTorch alone can take ten seconds.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    coverage: {
      provider: "v8",
      include: ["packages/*/src/**"],
      exclude: ["**/*.test.ts"],
    },
  },
});
