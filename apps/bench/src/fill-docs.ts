// Puts the figures of a run into docs/performance.md and its chart: node dist/fill-docs.js RESULTS.json
import { readFileSync, writeFileSync } from "node:fs";
import { chartOf } from "./chart.js";
import { fillPage } from "./markdown.js";
import type { Results } from "./results.js";

const docs = new URL("../../../docs/", import.meta.url);
const [file] = process.argv.slice(2);
if (file === undefined) {
  console.error("usage: node dist/fill-docs.js RESULTS.json, as written by main.js --json");
  process.exitCode = 2;
} else {
  const results = JSON.parse(readFileSync(file, "utf8")) as Results;
  const page = new URL("performance.md", docs);
  writeFileSync(page, fillPage(readFileSync(page, "utf8"), results));
  writeFileSync(new URL("performance.svg", docs), chartOf(results));
}
