import { readdirSync } from "node:fs";
import { join } from "node:path";
import { pnpm, readJson, root } from "./run.mjs";

/** The packages that users get: `folder` is the one under packages/, `file` what it is packed as. */
export function publishedPackages() {
  return readdirSync(join(root, "packages"))
    .map((name) => ({ folder: name, manifest: readJson(manifestPath(name)) }))
    .filter(({ manifest }) => manifest.private !== true)
    .map(({ folder: name, manifest }) => ({
      name: manifest.name,
      folder: name,
      manifest,
      file: `${manifest.name.replace("@", "").replace("/", "-")}-${manifest.version}.tgz`,
    }));
}

/**
 * Packs every published package into `folder`, as its publication would. `closure` are the packages
 * of this workspace that must be installed for it, itself first.
 */
export async function packAll(folder) {
  const all = publishedPackages();
  const filters = all.map(({ name }) => `--filter=${name}`);
  await pnpm(root, ["--recursive", ...filters, "pack", "--pack-destination", folder]);
  return all.map((item) => ({ ...item, closure: closureOf(item, all, new Set()) }));
}

const manifestPath = (name) => join(root, "packages", name, "package.json");

function closureOf(item, all, found) {
  found.add(item);
  for (const dependency of Object.keys(item.manifest.dependencies ?? {})) {
    const next = all.find(({ name }) => name === dependency);
    if (next !== undefined && !found.has(next)) closureOf(next, all, found);
  }
  return [...found];
}
