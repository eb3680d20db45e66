// Compiles the copied sources for every Python that is at hand. Python would do that by itself at the
// first start, but not in a folder that it cannot write to, nor under PYTHONDONTWRITEBYTECODE, which
// images of containers like to set: there every start would compile anew, about 25 ms of it.
import { spawnSync } from "node:child_process";
import { closeSync, openSync, readdirSync, readSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const sources = fileURLToPath(new URL("../python/tech_renaissance", import.meta.url));
const venv = fileURLToPath(new URL("../../../.venv", import.meta.url));
const pythons = [
  join(venv, ...(process.platform === "win32" ? ["Scripts", "python.exe"] : ["bin", "python"])),
  ...[10, 11, 12, 13, 14].map((minor) => `python3.${minor}`),
  ...["python3", "python"],
];

/**
 * Bound to the hash of its source (PEP 552), not to the time that a package manager gives it: what is
 * patched after the installation is compiled again. No path of this machine goes in; the import puts
 * the real one there.
 */
const program = `
import compileall, importlib.util, os, py_compile, sys
source = os.path.join(sys.argv[1], "__init__.py")
if sys.version_info >= (3, 10) and not os.path.exists(importlib.util.cache_from_source(source)):
    mode = py_compile.PycInvalidationMode.CHECKED_HASH
    sys.exit(not compileall.compile_dir(
        sys.argv[1], ddir="tech_renaissance", quiet=1, force=True, invalidation_mode=mode
    ))
`;

/** What a worker that has run from here has written is bound to time and place. */
function dropOthers() {
  const entries = readdirSync(sources, { recursive: true, withFileTypes: true });
  for (const { parentPath, name } of entries.filter((entry) => entry.name.endsWith(".pyc"))) {
    const path = join(parentPath, name);
    const file = openSync(path, "r");
    const head = Buffer.alloc(8);
    readSync(file, head, 0, 8, 0);
    closeSync(file);
    if (head.readUInt32LE(4) !== 0b11) rmSync(path);
  }
}

dropOthers();
for (const python of pythons) {
  const { status, stderr } = spawnSync(python, ["-I", "-c", program, sources], {
    encoding: "utf8",
  });
  // Anything else: it is not there, or a shim of a version that is not selected.
  if (status !== 1) continue;
  process.stderr.write(stderr);
  process.exitCode = 1;
}
