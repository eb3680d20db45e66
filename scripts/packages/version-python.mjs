// Gives the Python package the version of @tr/worker-py, which carries the same sources to npm.
// Run after `changeset version`.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readJson, root } from "./run.mjs";

const { version } = readJson(join(root, "packages", "worker-py", "package.json"));
const places = [
  ["python/pyproject.toml", /^version = ".*"$/m, `version = "${version}"`],
  [
    "python/src/tech_renaissance/__init__.py",
    /^__version__ = ".*"$/m,
    `__version__ = "${version}"`,
  ],
];
for (const [file, pattern, line] of places) {
  const path = join(root, file);
  const text = readFileSync(path, "utf8");
  assert.match(text, pattern, `${file} has no such line`);
  writeFileSync(path, text.replace(pattern, line));
}
