// Packs every published package as npm would and holds the packed file against publint and arethetypeswrong.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const windows = process.platform === "win32";
const target = mkdtempSync(join(tmpdir(), "tr-packed-"));
let failures = 0;

function run(cwd, file, ...args) {
  const { status, stdout, stderr } = spawnSync(file, args, {
    cwd,
    encoding: "utf8",
    shell: windows,
  });
  if (status === 0) return;
  failures++;
  console.error(`✗ ${cwd}: ${file} ${args.join(" ")}\n${stdout}${stderr}`);
}

const packages = readdirSync(join(root, "packages")).map((name) => join(root, "packages", name));
for (const folder of packages) {
  const { name, version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  run(folder, "pnpm", "pack", "--pack-destination", target);
  const packed = join(target, `${name.replace("@", "").replace("/", "-")}-${version}.tgz`);
  run(root, "pnpm", "exec", "publint", "--strict", packed);
  run(root, "pnpm", "exec", "attw", "--profile", "esm-only", packed);
}
rmSync(target, { recursive: true, force: true });
process.exit(failures === 0 ? 0 : 1);
