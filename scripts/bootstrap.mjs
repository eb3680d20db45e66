// Puts what a fresh machine lacks (Node, pnpm, uv) into .tools/, installs, builds, then runs the
// script named by its arguments. It must itself run under Node 20 with nothing installed.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const tools = join(root, ".tools");
const windows = process.platform === "win32";
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const venv = join(root, ".venv");
const venvPython = windows ? join(venv, "Scripts", "python.exe") : join(venv, "bin", "python");
const env = {
  ...process.env,
  PATH: [join(tools, "node_modules", ".bin"), join(tools, "uv", "bin"), process.env.PATH].join(
    delimiter,
  ),
  TURBO_TELEMETRY_DISABLED: "1",
  // npm exports these from the shell's pnpm or virtual environment; ours are the project's own.
  VIRTUAL_ENV: venv,
  TR_PYTHON: venvPython,
};

function attempt(file, args, options = {}) {
  // pnpm, npm and turbo are .cmd files on Windows, which only a shell starts. Every argument below
  // is a constant without spaces; paths are given relative to the working directory.
  return spawnSync(file, args, { cwd: root, env, shell: windows, encoding: "utf8", ...options });
}

function fail(message, remedy) {
  console.error(`\n✗ ${message}\n  ${remedy}`);
  process.exit(1);
}

function run(what, file, args, { quiet = false } = {}) {
  const { status, error, stdout, stderr } = attempt(file, args, quiet ? {} : { stdio: "inherit" });
  if (status === 0) return;
  if (quiet) console.error(`${stdout}${stderr}`);
  const reason = error ? error.message : `exit status ${status}`;
  fail(`${what} failed: ${file} ${args.join(" ")}: ${reason}`, "The lines above say why.");
}

const step = (text) => console.error(`· ${text}`);
const versionOf = (file, args = ["--version"]) => (attempt(file, args).stdout ?? "").trim();

function findPython() {
  const looked = [];
  for (const [file, ...prefix] of [["python3"], ["python"], ...(windows ? [["py", "-3"]] : [])]) {
    const version = versionOf(file, [
      ...prefix,
      "-c",
      "import\tsys;print('%d.%d'%sys.version_info[:2])",
    ]);
    looked.push(`${[file, ...prefix].join(" ")}: ${version || "not found"}`);
    const [major, minor] = version.split(".").map(Number);
    if (major === 3 && minor >= 10) return [file, ...prefix];
  }
  return fail(
    `Python 3.10 or newer is needed. Looked at ${looked.join(", ")}.`,
    "Install it (Debian: apt install python3 python3-pip; macOS: brew install python; Windows: winget install Python.Python.3.13).",
  );
}

if (Number(process.versions.node.split(".")[0]) < 20) {
  fail(`Node 20 or newer is needed, this is ${process.version}.`, "Install a current one.");
}
const python = findPython();

const missing = [];
if (!/^v(22\.(1[89]|[2-9]\d)|24\.(1[1-9]|[2-9]\d)|2[6-9]\.|[3-9]\d\.)/.test(versionOf("node"))) {
  if (process.platform === "darwin") {
    fail(
      `Node ${manifest.engines.node} is needed, this is ${process.version}.`,
      "Install a current one (brew install node).",
    );
  }
  missing.push(
    `node-${windows ? "win" : process.platform}-${process.arch}@${manifest.config.node}`,
  );
}
if (!/^12\./.test(versionOf("pnpm"))) missing.push(manifest.packageManager);
if (missing.length > 0) {
  step(`getting ${missing.join(" and ")} into .tools/`);
  const flags = ["--no-save", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error"];
  run("Getting the tools", "npm", ["install", ...flags, "--prefix", ".tools", ...missing]);
}
if (!/^uv 0\.13\./.test(versionOf("uv"))) {
  step(`getting uv ${manifest.config.uv} into .tools/`);
  const [file, ...prefix] = python;
  if (attempt(file, [...prefix, "-m", "pip", "--version"]).status !== 0) {
    fail(
      `${python.join(" ")} has no pip.`,
      "Install it (Debian: apt install python3-pip), or install uv.",
    );
  }
  const flags = ["--quiet", "--disable-pip-version-check", "--target", join(".tools", "uv")];
  const args = ["-m", "pip", "install", ...flags, `uv==${manifest.config.uv}`];
  run("Getting uv", file, [...prefix, ...args]);
}

if (!existsSync(join(root, "node_modules"))) step("installing the packages");
run("pnpm install", "pnpm", ["install", "--frozen-lockfile", "--silent"]);
step("building what has changed");
const build = ["exec", "turbo", "run", "build", "--output-logs=errors-only"];
run("The build", "pnpm", build, { quiet: true });

if (!existsSync(venvPython)) {
  const interpreter = versionOf(python[0], [
    ...python.slice(1),
    "-c",
    "import\tsys;print(sys.executable)",
  ]);
  step(`making the Python environment .venv/ with ${interpreter}`);
  const { status, stderr } = attempt("uv", ["venv", "--quiet", "--python", interpreter, ".venv"]);
  if (status !== 0) fail(`uv venv failed: ${stderr}`, `Is ${interpreter} whole?`);
}
const sync = [
  ..."pip install --quiet --directory python --python ../.venv --editable .[torch]".split(" "),
  ..."--group dev --group sandbox-tools --constraint requirements.lock".split(" "),
];
// Offline first: 0.1 s and no network when nothing has changed.
if (attempt("uv", [...sync, "--offline"]).status !== 0) {
  step(
    "installing PyTorch and the Python tools into .venv/ (the first time this fetches up to 3 GB)",
  );
  run(
    "Installing the Python environment",
    "uv",
    sync.filter((word) => word !== "--quiet"),
  );
}

const { status, signal } = attempt("pnpm", ["--silent", "run", ...process.argv.slice(2)], {
  stdio: "inherit",
});
process.exit(signal ? 1 : (status ?? 1));
