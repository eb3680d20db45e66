import { defineConfig } from "tsup";

export default defineConfig({
  // Each lane is a process of its own, and memory is watched by a thread of its own.
  entry: ["src/main.ts", "src/lane-main.ts", "src/memory-watcher.ts", "src/fill-docs.ts"],
  format: "esm",
  clean: true,
  target: "node22",
});
