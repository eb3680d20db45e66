// Holds the Python package to what its users get: wheel and sdist built, each installed alone into an
// environment without torch and numpy, type-checked against and run there.
import assert from "node:assert/strict";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, sep } from "node:path";
import { createChecks } from "./packages/checks.mjs";
import { root, run, windows } from "./packages/run.mjs";
import { askDefaultServer } from "./packages/serve-python.mjs";

const target = realpathSync(mkdtempSync(join(tmpdir(), "tr-python-")));
const { check, failures } = createChecks();
const inVenv = windows ? ["Scripts", "python.exe"] : ["bin", "python"];
/** The environment with mypy; the environments made here have the same version of Python. */
const python = process.env.TR_PYTHON ?? join(root, ".venv", ...inVenv);
const consumers = join(root, "scripts", "packages", "consumers");
const project = readFileSync(join(root, "python", "pyproject.toml"), "utf8");
const version = /^version = "(.*)"$/m.exec(project)?.[1];
// Nothing of the caller's environments or of the sources here may be found.
const { VIRTUAL_ENV: _, PYTHONPATH: __, ...rest } = process.env;
const env = { ...rest, PYTHONDONTWRITEBYTECODE: "1" };

function filesIn(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes("__pycache__"))
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .map((path) => path.replaceAll(sep, "/"))
    .sort();
}

async function install(file, home) {
  mkdirSync(home);
  const venv = join(home, "venv");
  const interpreter = join(venv, ...inVenv);
  await run(home, "uv", ["venv", "--quiet", "--no-project", "--python", python, venv], { env });
  const flags = ["--quiet", "--no-deps", "--no-index", "--no-cache", "--python", interpreter];
  await run(home, "uv", ["pip", "install", ...flags, join(target, "dist", file)], { env });
  const ask = "import sysconfig; print(sysconfig.get_path('purelib'))";
  const site = (await run(home, interpreter, ["-c", ask], { env })).trim();

  const info = `tech_renaissance-${version}.dist-info`;
  const folders = readdirSync(site).filter((name) => !/^(_?virtualenv|__pycache__)/.test(name));
  assert.deepEqual(folders.sort(), ["tech_renaissance", info], "what site-packages holds");
  const sources = filesIn(join(root, "python", "src", "tech_renaissance"));
  assert.deepEqual(filesIn(join(site, "tech_renaissance")), sources, "the installed files");
  assert(sources.includes("py.typed"), "py.typed is missing");
  const license = readFileSync(join(site, info, "licenses", "LICENSE"), "utf8");
  assert.equal(license, readFileSync(join(root, "LICENSE"), "utf8"), "the licence");
  const metadata = readFileSync(join(site, info, "METADATA"), "utf8");
  assert.match(metadata, /^Requires-Python: >=3\.10$/m);
  assert.doesNotMatch(metadata, /^Requires-Dist: (?!.*; extra == )/m, "it needs something else");
  return `${sources.length} files`;
}

/** The lines marked as wrong, and no others, are errors. */
async function checkTypes(home, interpreter) {
  for (const name of ["typed_consumer.py", "wrong_consumer.py"]) {
    copyFileSync(join(consumers, name), join(home, name));
  }
  const flags = ["--strict", "--no-error-summary", "--hide-error-context", "--no-color-output"];
  const places = ["--cache-dir", join(home, "mypy"), "--python-executable", interpreter];
  const files = ["typed_consumer.py", "wrong_consumer.py"];
  const args = ["-m", "mypy", ...flags, ...places, ...files];
  const output = await run(home, python, args, { env, ok: [0, 1] });
  const found = [...output.matchAll(/^(\S+):(\d+): error/gm)].map(([, file, line]) => [
    file,
    +line,
  ]);
  const wrong = readFileSync(join(home, "wrong_consumer.py"), "utf8")
    .split("\n")
    .flatMap((line, index) => (line.endsWith("# wrong") ? [["wrong_consumer.py", index + 1]] : []));
  assert(wrong.length > 0);
  assert.deepEqual(found, wrong, output);
  return `${found.length} expected errors`;
}

async function checkPackage(kind, file) {
  const home = join(target, kind);
  const interpreter = join(home, "venv", ...inVenv);
  if (!(await check(`${kind}: installed alone`, () => install(file, home)))) return;
  await Promise.all([
    check(`${kind}: mypy --strict`, () => checkTypes(home, interpreter)),
    check(`${kind}: consumer runs`, async () => {
      await run(home, interpreter, [join(consumers, "typed_consumer.py")], { env });
    }),
    check(`${kind}: its version`, async () => {
      const ask = "import tech_renaissance; print(tech_renaissance.__version__)";
      assert.equal((await run(home, interpreter, ["-c", ask], { env })).trim(), version);
      return version;
    }),
    check(`${kind}: default server`, () => askDefaultServer(interpreter, home, env)),
  ]);
}

try {
  const dist = join(target, "dist");
  const built = await check("uv build", async () => {
    assert(existsSync(python), `${python} is missing: run npm test, or set TR_PYTHON`);
    // The wheel is built from the sdist, which must therefore be whole.
    await run(root, "uv", ["build", "--quiet", "--no-cache", "--out-dir", dist, "python"]);
    const files = readdirSync(dist).filter((name) => !name.startsWith("."));
    const name = `tech_renaissance-${version}`;
    assert.deepEqual(files.sort(), [`${name}-py3-none-any.whl`, `${name}.tar.gz`]);
    return files.join(", ");
  });
  if (built) {
    await Promise.all([
      checkPackage("wheel", `tech_renaissance-${version}-py3-none-any.whl`),
      checkPackage("sdist", `tech_renaissance-${version}.tar.gz`),
    ]);
  }
} finally {
  rmSync(target, { recursive: true, force: true, maxRetries: 5 });
}
process.exitCode = failures() === 0 ? 0 : 1;
