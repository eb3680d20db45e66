// Runs every check and every test of both languages and ends with one line of counts.
// Under CI=true a test that is skipped for want of a tool is a failure: there every tool is installed.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const windows = process.platform === "win32";
const reports = mkdtempSync(join(tmpdir(), "tr-test-"));
const totals = { passed: 0, failed: 0 };
const skips = [];

function run(file, args, options = {}) {
  const { status, error } = spawnSync(file, args, {
    cwd: root,
    stdio: "inherit",
    shell: windows,
    ...options,
  });
  if (error) console.error(`${file}: ${error.message}`);
  return status === 0;
}

/** A check that passes or fails as a whole counts as one. */
function check(name, file, args, options) {
  const started = performance.now();
  const passed = run(file, args, options);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${passed ? "✓" : "✗"} ${name} (${seconds} s)`);
  totals[passed ? "passed" : "failed"]++;
}

/** Resolves when it has ended; `output`: a descriptor for what it prints, in place of our own. */
async function runLater(file, args, options, output = "inherit") {
  const stdio = ["ignore", output, output];
  const child = spawn(file, args, { cwd: root, stdio, shell: windows, ...options });
  try {
    const [status] = await once(child, "close");
    return status === 0;
  } catch (error) {
    console.error(`${file}: ${error.message}`);
    return false;
  }
}

function count(name, passed, readReport) {
  let counts;
  try {
    counts = readReport();
  } catch (error) {
    console.error(`${name} left no report: ${error.message}`);
    counts = { passed: 0, failed: 1, skipped: [] };
  }
  if (counts.passed + counts.failed === 0) {
    console.error(`${name} ran no test`);
    counts.failed = 1;
  }
  totals.passed += counts.passed;
  totals.failed += counts.failed;
  skips.push(...counts.skipped.map((skip) => `${name}: ${skip}`));
  // A broken hook, an unhandled rejection or a file that does not load has no test of its own.
  if (!passed && counts.failed === 0) totals.failed++;
}

const pnpm = (...args) => ["pnpm", ["exec", ...args]];
const uv = (...args) => ["uv", ["run", "--no-project", "--active", ...args]];
const python = { cwd: join(root, "python") };
check("biome", ...pnpm("biome", "ci", "."));
check("types", ...pnpm("turbo", "run", "typecheck", "--output-logs=errors-only"));
check("import directions", ...pnpm("turbo", "boundaries"));
check("ruff check", ...uv("ruff", "check"));
check("ruff format", ...uv("ruff", "format", "--check"));
check("mypy", ...uv("mypy"), python);
check("packed packages", "node", ["scripts/check-packages.mjs"]);
check("packed Python package", "node", ["scripts/check-python-package.mjs"]);
check("workflow files", "node", ["scripts/check-workflows.mjs"]);
check("release rehearsal", "node", ["scripts/rehearse-release.mjs"]);

// Side by side: most of both is waiting for processes. What pytest prints comes when vitest has ended.
const vitestReport = join(reports, "vitest.json");
const pytestReport = join(reports, "pytest.xml");
const pytestLog = join(reports, "pytest.log");
const log = openSync(pytestLog, "w");
const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${vitestReport}`];
const [vitestPassed, pytestPassed] = await Promise.all([
  runLater(...pnpm("vitest", "run", ...reporters), {}),
  runLater(...uv("pytest", "-rs", `--junitxml=${pytestReport}`), python, log),
]);
closeSync(log);
console.log(readFileSync(pytestLog, "utf8"));

count("vitest", vitestPassed, () => {
  const report = JSON.parse(readFileSync(vitestReport, "utf8"));
  const skipped = report.testResults.flatMap((file) =>
    file.assertionResults
      .filter(({ status }) => status === "skipped" || status === "pending" || status === "todo")
      .map(({ fullName }) => fullName),
  );
  return { passed: report.numPassedTests, failed: report.numFailedTests, skipped };
});

count("pytest", pytestPassed, () => {
  const xml = readFileSync(pytestReport, "utf8");
  const count = (name) => Number(new RegExp(`<testsuite [^>]*\\b${name}="(\\d+)"`).exec(xml)?.[1]);
  const failed = count("failures") + count("errors");
  const skipped = [...xml.matchAll(/<skipped [^>]*message="([^"]*)"/g)].map(([, why]) => why);
  return { passed: count("tests") - failed - skipped.length, failed, skipped };
});

rmSync(reports, { recursive: true, force: true });
for (const skip of skips) console.log(`skipped: ${skip}`);
// A tool can be installed; what a machine forbids (tracing, namespaces, control groups) cannot, nor what its Python is too old for.
const hasStrace = spawnSync("strace", ["-V"], { stdio: "ignore" }).status === 0;
const isForbidden = (skip) =>
  /control groups|cannot be (mounted|arranged)|needs unshare|of Python 3\.1\d|stores in order/.test(
    skip,
  ) ||
  (hasStrace && /strace/.test(skip));
const missing = skips.filter((skip) => !isForbidden(skip));
if (process.env.CI === "true" && missing.length > 0) {
  console.log(
    `${missing.length} skipped for want of a tool, which counts as a failure in CI: install it there.`,
  );
  totals.failed += missing.length;
}
console.log(`\n${totals.passed} passed, ${totals.failed} failed`);
process.exit(totals.failed === 0 ? 0 : 1);
