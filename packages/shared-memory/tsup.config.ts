import { defineConfig } from "tsup";

export default defineConfig({
  entry: ["src/index.ts", "src/spinner.ts"],
  format: "esm",
  clean: true,
  sourcemap: true,
  target: "node22",
});
