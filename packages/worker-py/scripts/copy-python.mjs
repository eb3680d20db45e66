// Puts the Python sources into this package, so that a user of npm needs no pip.
import { cpSync, rmSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";

const source = fileURLToPath(new URL("../../../python/src", import.meta.url));
const target = fileURLToPath(new URL("../python", import.meta.url));
rmSync(target, { recursive: true, force: true });
cpSync(source, target, {
  recursive: true,
  filter: (path) => !["__pycache__"].includes(basename(path)) && !path.endsWith(".egg-info"),
});
