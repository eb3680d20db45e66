import { defineConfig } from "tsup";

export default defineConfig({
  entry: ["src/index.ts", "src/errors.ts", "src/schemas.ts"],
  format: "esm",
  clean: true,
  sourcemap: true,
  target: "node22",
  // Bundled: see src/schemas.ts. It stays a dependency, because the declarations refer to it.
  noExternal: ["zod"],
});
