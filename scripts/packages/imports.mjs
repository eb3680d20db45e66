import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "./run.mjs";

/** The names under which a package's code can be imported: `@tr/x`, `@tr/x/sub`. */
export const entriesOf = ({ name, manifest }) =>
  Object.entries(manifest.exports)
    .filter(([, target]) => typeof target === "object")
    .map(([subpath]) => name + subpath.slice(1));

/** Imports and requires every entry in a process of its own, and tries to get past them. */
export async function checkImports(folder, item) {
  const entries = entriesOf(item);
  const program = join(folder, "imports.mjs");
  writeFileSync(
    program,
    `import assert from "node:assert/strict";
import { createRequire } from "node:module";
const require = createRequire(import.meta.url);
for (const entry of ${JSON.stringify(entries)}) {
  const names = Object.keys(await import(entry));
  assert(names.length > 0, entry + " exports nothing");
  assert(!names.includes("default"), entry + " has a default export");
  assert.deepEqual(Object.keys(require(entry)).filter((name) => name !== "__esModule"), names);
}
const manifest = require(${JSON.stringify(`${item.name}/package.json`)});
assert.equal(manifest.name, ${JSON.stringify(item.name)});
for (const deep of ["dist/index.js", "dist/index.d.ts", "src/index.ts", "README.md"]) {
  const entry = manifest.name + "/" + deep;
  await assert.rejects(import(entry), { code: "ERR_PACKAGE_PATH_NOT_EXPORTED" }, entry);
  assert.throws(() => require(entry), { code: "ERR_PACKAGE_PATH_NOT_EXPORTED" }, entry);
}
`,
  );
  await run(folder, process.execPath, [program]);
  return entries.join(", ");
}
