// Compiled and run against the packed package: the command that npm puts into node_modules/.bin.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const here = import.meta.dirname;
const windows = process.platform === "win32";
const tr = (...args: string[]): string =>
  execFileSync(join(here, "node_modules", ".bin", windows ? "tr.cmd" : "tr"), args, {
    cwd: here,
    encoding: "utf8",
    shell: windows,
  });

const manifest = readFileSync(join(here, "node_modules", "@tr", "cli", "package.json"), "utf8");
assert.equal(tr("--version").trim(), JSON.parse(manifest).version);

writeFileSync(
  join(here, "server.py"),
  `from tech_renaissance import command, serve

@command
def add(a: int, b: int = 1) -> int:
    return a + b

if __name__ == "__main__":
    serve()
`,
);
assert.equal(tr("run", "server.py", "add", "20", "--kwarg", "b=22").trim(), "42");
const types = tr("types", "server.py");
assert.match(types, /add\(\n {4}a: number \| bigint,/);
assert.match(types, /from "@tr\/session";/);
assert.match(tr("doctor"), /session +started in/);
