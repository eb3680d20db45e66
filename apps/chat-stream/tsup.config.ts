import { defineConfig } from "tsup";

export default defineConfig([
  {
    entry: ["src/main.ts", "src/client.ts"],
    format: "esm",
    clean: ["!page/**"], // both are built at once
    target: "node22",
  },
  {
    entry: ["main.ts", "style.css", "index.html"].map((name) => `src/page/${name}`),
    outDir: "dist/page",
    clean: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    splitting: false,
    loader: { ".html": "copy" },
  },
]);
