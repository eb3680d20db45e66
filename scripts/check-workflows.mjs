// Reads the workflow files with GitHub's own parser and holds them to what they promise.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { join } from "node:path";
import { createChecks } from "./packages/checks.mjs";
import { readJson, root } from "./packages/run.mjs";

// The parser imports its schema without `with { type: "json" }`, which bundlers take and Node does not.
registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier, context);
    return found.url.endsWith(".json") ? { ...found, importAttributes: { type: "json" } } : found;
  },
});
const { convertWorkflowTemplate, isMapping, isSequence, NoOperationTraceWriter, parseWorkflow } =
  await import("@actions/workflow-parser");

const folder = join(root, ".github", "workflows");
const manifest = readJson(join(root, "package.json"));
const { check, failures } = createChecks(1);

function plain(token) {
  if (isMapping(token)) {
    const entries = Array.from({ length: token.count }, (_, index) => token.get(index));
    return Object.fromEntries(entries.map(({ key, value }) => [key.toString(), plain(value)]));
  }
  if (isSequence(token)) {
    return Array.from({ length: token.count }, (_, index) => plain(token.get(index)));
  }
  return "value" in token ? token.value : token.toString();
}

async function read(file) {
  const content = readFileSync(join(folder, file), "utf8");
  const { context, value } = parseWorkflow({ name: file, content }, new NoOperationTraceWriter());
  const template = value && (await convertWorkflowTemplate(context, value));
  const errors = [...context.errors.getErrors(), ...(template?.errors ?? [])];
  assert.deepEqual(
    errors.map(({ message, Message }) => message ?? Message),
    [],
  );
  return plain(value);
}

/** True when the job runs the tests itself, or only after a job that does. */
function isTested(jobs, job) {
  if (job.steps.some(({ run }) => run === "npm test")) return true;
  return [job.needs ?? []].flat().some((name) => isTested(jobs, jobs[name]));
}

function checkRules({ jobs, permissions }) {
  assert(permissions !== undefined, "permissions: without them a job may write everything");
  for (const [name, job] of Object.entries(jobs)) {
    assert(isTested(jobs, job), `${name} neither runs npm test nor needs a job that does`);
    assert(job["timeout-minutes"] <= 60, `${name} has no time limit`);
    for (const step of [job, ...job.steps]) {
      assert(!("continue-on-error" in step), `${name} passes although a step fails`);
      if (step.uses) assert.match(step.uses, /@(release\/)?v\d+$/, "pinned by major version");
      for (const command of [step.run, ...Object.values(step.with ?? {})]) {
        const script = /bootstrap\.mjs (\S+)/.exec(command)?.[1];
        if (script) assert(manifest.scripts[script], `package.json has no script ${script}`);
      }
    }
  }
}

function checkMatrix({ on, jobs }) {
  assert.deepEqual(on.push, { branches: ["main"] });
  assert("pull_request" in on);
  const { strategy, steps, ...job } = jobs.test;
  const axes = {
    os: ["ubuntu-latest", "macos-latest", "windows-latest"],
    node: ["22", "24"],
    python: ["3.10", "3.11", "3.12", "3.13"],
  };
  // No include, no exclude: every combination.
  assert.deepEqual(strategy, { "fail-fast": false, matrix: axes });
  assert.match(job["runs-on"], /^\$\{\{ matrix\.os \}\}$/);
  const uses = (action) => steps.find((step) => step.uses?.startsWith(`${action}@`))?.with;
  assert.match(uses("actions/setup-node")["node-version"], /^\$\{\{ matrix\.node \}\}$/);
  assert.match(uses("actions/setup-python")["python-version"], /^\$\{\{ matrix\.python \}\}$/);
  assert.deepEqual(steps.at(-1), { run: "npm test" });

  const project = readFileSync(join(root, "python", "pyproject.toml"), "utf8");
  const said = [...project.matchAll(/"Programming Language :: Python :: (3\.\d+)"/g)];
  assert.deepEqual(
    said.map(([, version]) => version),
    axes.python,
    "classifiers of the package",
  );
  return `${axes.os.length * axes.node.length * axes.python.length} combinations`;
}

function checkRelease({ jobs: { npm, pypi } }) {
  const test = npm.steps.findIndex(({ run }) => run === "npm test");
  const publish = npm.steps.findIndex(({ uses }) => uses?.startsWith("changesets/action@"));
  assert(test >= 0 && test < publish, "the tests come before the publication");
  assert.equal(npm.permissions["id-token"], "write");
  assert.equal(npm.steps[publish].env.pnpm_config_provenance, "true");
  assert.match(npm.steps[publish].with["publish-script"], / release$/);
  assert.match(npm.steps[publish].with["version-script"], / version:packages$/);
  assert.equal(pypi.permissions["id-token"], "write");
  assert.equal(pypi.if, "needs.npm.outputs.published == 'true'");
  assert(pypi.steps.at(-1).uses.startsWith("pypa/gh-action-pypi-publish@"));
  const text = readFileSync(join(folder, "release.yml"), "utf8");
  assert.doesNotMatch(text, /secrets\.|TOKEN/, "trusted publishing needs no stored token");
}

const workflows = {};
for (const file of readdirSync(folder)) {
  await check(`${file}: parses`, async () => {
    workflows[file] = await read(file);
  });
  if (workflows[file]) await check(`${file}: rules`, () => checkRules(workflows[file]));
}
await check("ci.yml: matrix", () => checkMatrix(workflows["ci.yml"]));
await check("release.yml: release", () => checkRelease(workflows["release.yml"]));
process.exitCode = failures() === 0 ? 0 : 1;
