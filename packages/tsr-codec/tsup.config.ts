import { defineConfig } from "tsup";

export default defineConfig({
  entry: ["src/index.ts", "src/v4.ts", "src/npy.ts", "src/safetensors.ts"],
  format: "esm",
  clean: true,
  sourcemap: true,
  target: "node22",
});
