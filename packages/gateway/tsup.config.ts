import { readFileSync } from "node:fs";
import { defineConfig } from "tsup";

const license = readFileSync(new URL("node_modules/uplot/LICENSE", import.meta.url), "utf8");
const notice = `/*! Contains uPlot:\n${license.trim()}\n*/`;

export default defineConfig([
  {
    entry: ["src/index.ts"],
    format: "esm",
    clean: ["!page/**"], // both are built at once
    sourcemap: true,
    target: "node22",
  },
  {
    // The dashboard, with all that it needs.
    entry: ["main.ts", "sandbox.ts", "style.css", "index.html", "sandbox.html", "icon.svg"].map(
      (name) => `src/page/${name}`,
    ),
    outDir: "dist/page",
    clean: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    minify: true,
    splitting: false,
    loader: { ".html": "copy", ".svg": "copy" },
    banner: { js: notice, css: notice },
  },
]);
