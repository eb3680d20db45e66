import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** What was installed where, or why not. */
export type Installed =
  | { readonly folder: string; readonly reason?: never }
  | { readonly folder?: never; readonly reason: string };

const pins = fileURLToPath(new URL("../peers/", import.meta.url));
const ownHome = fileURLToPath(new URL("../.peers/", import.meta.url));
const windows = process.platform === "win32";

/** All npm packages of the peers. No install scripts: zeromq brings its binaries along, the others are JavaScript. */
export function installNpm(home = ownHome): Installed {
  const manifest = join(pins, "package.json");
  return once(
    join(home, "npm"),
    readFileSync(manifest, "utf8"),
    "the npm packages of the peers",
    (folder) => {
      copyFileSync(manifest, join(folder, "package.json"));
      const flags = "--ignore-scripts --no-package-lock --no-audit --no-fund --loglevel=error";
      return run("npm", ["install", ...flags.split(" ")], folder);
    },
  );
}

/**
 * Python packages beside the interpreter's own, so that all workers run on the same Python and numpy.
 * Wheels only: building grpcio takes a quarter of an hour.
 */
export function installPypi(
  python: string,
  tag: string,
  packages: readonly string[],
  home = ownHome,
): Installed {
  const file = join(pins, "constraints.txt");
  const key = [readFileSync(file, "utf8"), python, tag, ...packages].join("\n");
  return once(join(home, `pypi-${packages[0]}`), key, packages.join(", "), (folder) => {
    const flags = ["--quiet", "--only-binary", ":all:", "--python", python, "--target", "."];
    return run("uv", ["pip", "install", ...flags, "--constraint", file, ...packages], folder);
  });
}

/** In a folder whose name says for what; it gets that name when it is complete. */
function once(
  path: string,
  key: string,
  what: string,
  install: (folder: string) => string | undefined,
): Installed {
  const hash = createHash("sha256").update(key).digest("hex").slice(0, 12);
  const folder = `${path}-${hash}`;
  if (existsSync(folder)) return { folder };
  console.error(`· installing ${what} into apps/bench/.peers/`);
  const making = `${folder}.${process.pid}`;
  mkdirSync(making, { recursive: true });
  try {
    const reason = install(making);
    if (reason !== undefined) return { reason: `${what}: ${reason}` };
    renameSync(making, folder);
    return { folder };
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
}

/** Why it failed, if it did. */
function run(file: string, args: readonly string[], cwd: string): string | undefined {
  // npm is a .cmd file on Windows, which only a shell starts; its arguments have no spaces.
  const { error, status, stderr } = spawnSync(file, args, {
    cwd,
    encoding: "utf8",
    shell: windows && file === "npm",
  });
  if (error) return `${file} cannot be run: ${error.message}`;
  if (status === 0) return undefined;
  const lines = stderr.split("\n").flatMap((line) => line.trim() || []);
  return `${file} says: ${lines.slice(-3).join(" ")}`;
}
