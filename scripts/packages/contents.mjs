import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { readJson, root } from "./run.mjs";

const always = ["package.json", "README.md", "LICENSE"];
/** What "files" may list although it is not there: a pattern of what to leave out, and what the first `changeset version` writes. */
const mayBeMissing = (entry) => entry.startsWith("!") || entry === "CHANGELOG.md";
const unwanted = [
  /\.(test|fixture|config)\./,
  /(^|\/)(tests?|fixtures|src|node_modules)\//,
  /\.(pyo|tgz|tsbuildinfo|log)$/,
];
const dependencyKinds = ["dependencies", "peerDependencies", "optionalDependencies"];

/** Holds the files of an installed package against what it says of itself. */
export function checkContents(folder, { name, manifest: source }) {
  const manifest = readJson(join(folder, "package.json"));
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .map((path) => path.replaceAll(sep, "/"));

  for (const file of [...always, ...source.files.filter((entry) => !mayBeMissing(entry))]) {
    assert(existsSync(join(folder, file)), `${file} is missing`);
  }
  const tops = new Set([...always, ...source.files]);
  for (const file of files) {
    assert(tops.has(file.split("/")[0]), `${file} is packed, but "files" does not list it`);
    const pattern = unwanted.find((candidate) => candidate.test(file));
    assert(!pattern, `${file} is packed, and users have no use for it (${pattern})`);
  }
  for (const file of files.filter((path) => path.endsWith(".pyc"))) {
    const flags = readFileSync(join(folder, file)).readUInt32LE(4); // PEP 552
    assert.equal(flags, 0b11, `${file} is not bound to the hash of its source`);
  }
  checkManifest(manifest, name);
  for (const file of files) checkText(file, readFileSync(join(folder, file), "utf8"));
  return `${files.length} files`;
}

function checkManifest(manifest, name) {
  assert.equal(manifest.name, name);
  assert.equal(manifest.license, "MIT");
  assert.equal(manifest.type, "module");
  assert.equal(manifest.engines?.node, ">=22.12", "engines.node: what require() of ESM needs");
  for (const script of ["preinstall", "install", "postinstall", "prepare"]) {
    assert(!manifest.scripts?.[script], `the script ${script} would run at the user's`);
  }
  for (const kind of dependencyKinds) {
    for (const [dependency, range] of Object.entries(manifest[kind] ?? {})) {
      // workspace:, catalog:, file:, link: and addresses all have a colon; a range has none.
      assert.match(range, /^[^:]+$/, `${kind} of the packed manifest: ${dependency}: ${range}`);
    }
  }
}

const here = [root, homedir() + sep];
const machinePaths = here.flatMap((path) => [
  path,
  JSON.stringify(path).slice(1, -1), // as a Windows path stands in a source map
  pathToFileURL(path).href,
]);

function checkText(file, text) {
  const path = machinePaths.find((candidate) => text.includes(candidate));
  assert(!path, `${file} holds a path of this machine: ${path}`);
  if (!file.endsWith(".map")) return;
  const { sources, sourcesContent = [], sourceRoot = "" } = JSON.parse(text);
  assert.equal(sourceRoot, "", `${file}: sourceRoot`);
  for (const [index, source] of sources.entries()) {
    assert.match(source, /^\.\.?\//, `${file}: ${source} is not relative`);
    // The sources are not packed: a map without their text would lead nowhere.
    assert(typeof sourcesContent[index] === "string", `${file}: ${source} has no content`);
  }
}
