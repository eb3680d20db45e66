import { readdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

// Spelled out, because projects given as globs do not inherit the options below.
const projects = ["packages", "apps"].flatMap((group) =>
  readdirSync(new URL(group, import.meta.url)).map((folder) => {
    const root = `${group}/${folder}`;
    const manifest = readFileSync(new URL(`${root}/package.json`, import.meta.url), "utf8");
    return { extends: true as const, test: { name: JSON.parse(manifest).name as string, root } };
  }),
);

// The session's tests run as its users have it: over memory that both sides map. Those whose way depends
// on the carrier run twice more: over files, and over memory without native code. By file, for the time
// that a run may take: not those of parts without a worker (options, books, line-splitter, …), of logs and
// of the process alone (oom-kills, first start, timers), nor those that choose their carrier themselves.
// What the two ways through memory have in common (interleaving) is run for one of them. What a worker that
// was forked could do otherwise than one that was started is run once more as well.
const inAnotherWay = (way: string, files: string, env: Record<string, string>) => ({
  extends: true as const,
  test: {
    name: `@tr/session ${way}`,
    root: "packages/session",
    include: [`src/{${files}}.test.ts`],
    env,
  },
});
const calls = "call,stream,cancellation,cancel-storm,concurrency,tensor-memory";
const ends = "lifecycle,restart,exactly-once,endurance";

export default defineConfig({
  test: {
    projects: [
      ...projects,
      inAnotherWay("over files", `${calls},${ends},interleaving`, { TR_TEST_TRANSPORT: "file" }),
      inAnotherWay(
        "over memory without native code",
        `${calls},${ends},transport,hostile-memory,full-memory`,
        {
          TR_TEST_MAPPED: "off",
        },
      ),
      // Only Linux has fork servers.
      ...(process.platform === "linux"
        ? [
            inAnotherWay("by a fork server", "call,stream,lifecycle", {
              TR_TEST_SPAWN: "fork-server",
            }),
          ]
        : []),
    ],
    // By default one less than there are cores: on two of them one file after the other, most of which wait.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // Real processes on a busy machine: the import of PyTorch alone can take ten seconds.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Servers leave word of themselves there, not in the folder of whoever runs the tests.
    env: { TR_STATE_DIR: fileURLToPath(new URL("node_modules/.cache/tr-state", import.meta.url)) },
    coverage: {
      provider: "v8",
      include: ["packages/*/src/**"],
      exclude: ["**/*.test.ts"],
    },
  },
});
