import { defineConfig } from "tsup";

export default defineConfig({
  entry: ["src/index.ts", "src/server/index.ts"],
  format: "esm",
  clean: true,
  sourcemap: true,
  target: "node22",
});
