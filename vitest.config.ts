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

// The session's tests run once more over shared memory, mapped and as without the native part: those
// of calls, streams, cancels, crashes and ends.
const overMemory = (name: string, files: string, env: Record<string, string>) => ({
  extends: true as const,
  test: {
    name: `@tr/session over ${name}`,
    root: "packages/session",
    include: [`src/{${files}}.test.ts`],
    env: { TR_TEST_TRANSPORT: "shared-memory", ...env },
  },
});
const many =
  "call,stream,cancellation,cancel-storm,concurrency,restart,exactly-once,lifecycle,tensor-memory";

export default defineConfig({
  test: {
    projects: [
      ...projects,
      overMemory("mapped memory", many, {}),
      overMemory("shared memory", "call,stream,concurrency,transport,tensor-memory", {
        TR_TEST_MAPPED: "off",
      }),
    ],
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
