import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as root from "@tr/worker-py";
import { execa } from "execa";
import { describe, expect, it } from "vitest";

it("exports what it says", () => {
  expect(Object.keys(root).sort()).toEqual([
    "defaultServerPath",
    "findPython",
    "launcherPath",
    "pythonPath",
    "sandboxHostPath",
  ]);
});

it("carries the Python package: its files are there and it can be imported from it alone", async () => {
  expect(existsSync(root.launcherPath)).toBe(true);
  expect(existsSync(root.defaultServerPath)).toBe(true);
  expect(existsSync(root.sandboxHostPath)).toBe(true);
  const { file } = root.findPython({ script: import.meta.filename });
  // -I: neither PYTHONPATH nor the user's site packages can stand in for the payload.
  const program = `import sys; sys.path.insert(0, sys.argv[1]); import tech_renaissance; print(tech_renaissance.__file__)`;
  const { stdout } = await execa(file, ["-I", "-c", program, root.pythonPath]);
  expect(stdout).toBe(join(root.pythonPath, "tech_renaissance", "__init__.py"));
});

describe("the compiled modules", () => {
  const caches = readdirSync(root.pythonPath, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".pyc"))
    .map((path) => join(root.pythonPath, path));

  it("are bound to the text of their sources, wherever and whenever they are installed", () => {
    const modules = readdirSync(root.pythonPath, { recursive: true, encoding: "utf8" });
    expect(caches.length).toBeGreaterThanOrEqual(
      modules.filter((path) => path.endsWith(".py")).length,
    );
    const ours = caches.filter((path) => readFileSync(path).readUInt32LE(4) === 0b11); // PEP 552
    expect(ours.length).toBeGreaterThan(0);
    for (const path of ours) {
      expect(readFileSync(path, "latin1")).not.toContain(
        fileURLToPath(new URL("../", import.meta.url)),
      );
    }
  });

  it("are what a worker runs: nothing is compiled at its start, and a traceback names the installed file", async () => {
    const program = `
import sys
from importlib.machinery import SourceFileLoader
sys.path.insert(0, sys.argv[1])
compiled = []
SourceFileLoader.source_to_code = lambda self, data, path, **_: compiled.append(path) or compile(data, path, "exec")
import tech_renaissance.worker as worker
from tech_renaissance import command, serve, runner, binding
print(sys.implementation.cache_tag, *compiled)
print(worker.Worker.run.__code__.co_filename)`;
    const { file } = root.findPython({ script: import.meta.filename });
    const { stdout } = await execa(file, ["-I", "-c", program, root.pythonPath]);
    const [line = "", path] = stdout.split("\n");
    const [tag, ...compiled] = line.split(" ");
    // A Python that was not there when the package was built compiles for itself.
    if (caches.some((cache) => cache.includes(`${tag}.`))) expect(compiled).toEqual([]);
    expect(path).toBe(join(root.pythonPath, "tech_renaissance", "worker.py"));
  });

  // compile() makes the classes of ast, 2 ms of a start; elsewhere there is no way around it.
  if (process.platform === "linux") {
    it("and the launcher start a script without compile()", async () => {
      const { file } = root.findPython({ script: import.meta.filename });
      const script = join(mkdtempSync(join(tmpdir(), "tr-script-")), "script.py");
      writeFileSync(
        script,
        `import sys
print(sys.implementation.cache_tag)
print([known for known in object.__subclasses__() if known.__name__ == "AST"])`,
      );
      const { stdout } = await execa(file, [root.launcherPath, script]);
      rmSync(dirname(script), { recursive: true });
      const [tag, classes] = stdout.split("\n");
      if (caches.some((cache) => cache.includes(`${tag}.`))) expect(classes).toBe("[]");
    });
  }
});
