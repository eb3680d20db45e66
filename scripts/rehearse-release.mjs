// Rehearses two releases: in a copy of this repository, against a registry on loopback, with a consumer
// outside it that installs the first and is then brought up to the second. Nothing here is changed.
import assert from "node:assert/strict";
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createChecks } from "./packages/checks.mjs";
import { commit, copyRepository } from "./packages/copy-repository.mjs";
import { startRegistry } from "./packages/loopback-registry.mjs";
import { publishedPackages } from "./packages/pack.mjs";
import { npm, pnpm, readJson, root, run } from "./packages/run.mjs";

const started = performance.now();
const target = realpathSync(mkdtempSync(join(tmpdir(), "tr-release-")));
const copy = join(target, "repository");
const consumer = join(target, "consumer");
const registry = await startRegistry(target);
const inVenv = process.platform === "win32" ? ["Scripts", "python.exe"] : ["bin", "python"];
const env = {
  ...process.env,
  TR_PYTHON: process.env.TR_PYTHON ?? join(root, ".venv", ...inVenv),
  // What the workflow's runner sets; .example is reserved for what does not exist.
  GITHUB_SERVER_URL: "https://git.example",
  GITHUB_REPOSITORY: "owner/name",
  TURBO_TELEMETRY_DISABLED: "1",
};
const codec = "@tr/tsr-codec";
const { check, failures } = createChecks(1);
/** Each step needs the one before: the first that fails ends the rehearsal. */
async function step(name, body) {
  if (!(await check(name, body))) throw new Error(`the rehearsal ended at: ${name}`);
}

function versions() {
  const entries = publishedPackages().map(({ name, folder }) => {
    return [name, readJson(join(copy, "packages", folder, "package.json")).version];
  });
  return Object.fromEntries(entries);
}

/** What the release workflow does when a release is due. */
async function release() {
  await pnpm(copy, ["run", "version:packages"], { env });
  const left = readdirSync(join(copy, ".changeset")).filter((name) => name.endsWith(".md"));
  assert.deepEqual(left, [], "changesets that are left");
  const project = readFileSync(join(copy, "python", "pyproject.toml"), "utf8");
  const python = /^version = "(.*)"$/m.exec(project)?.[1];
  assert.equal(python, versions()["@tr/worker-py"], "the version of the Python package");
  await pnpm(copy, ["install", "--frozen-lockfile", "--offline"], { env });
  await commit(copy, "Version packages");
  const output = await run(copy, process.execPath, ["scripts/release.mjs", "--no-git-tag"], {
    env: { ...env, npm_config_registry: registry.url, pnpm_config_registry: registry.url },
  });
  const tags = await run(copy, "git", ["tag"]);
  assert.equal(tags, "", "tags although there should be none");
  return output;
}

async function published(name) {
  const response = await fetch(new URL(name.replace("/", "%2f"), registry.url));
  assert.equal(response.status, 200, `${name} is not on the registry`);
  return response.json();
}

const installed = (name) =>
  readJson(join(consumer, "node_modules", ...name.split("/"), "package.json"));

try {
  let first = {};
  await step("copy of the repository", async () => {
    mkdirSync(copy);
    return `${await copyRepository(copy, env)} files`;
  });

  await step("first release", async () => {
    const before = versions();
    await release();
    first = versions();
    for (const { name, folder } of publishedPackages()) {
      assert.notEqual(first[name], before[name], `${name} has no changeset`);
      assert(existsSync(join(copy, "packages", folder, "CHANGELOG.md")), `${name}: CHANGELOG.md`);
      const { "dist-tags": tags, versions: all } = await published(name);
      assert.equal(tags.latest, first[name]);
      const { repository, license } = all[first[name]];
      assert.equal(repository.url, "git+https://git.example/owner/name.git");
      assert.equal(repository.directory, `packages/${folder}`);
      assert.equal(license, "MIT");
    }
    return Object.entries(first)
      .map(([name, version]) => `${name} ${version}`)
      .join(", ");
  });

  await step("a consumer installs it", async () => {
    mkdirSync(consumer);
    writeFileSync(join(consumer, "package.json"), '{ "private": true, "type": "module" }\n');
    // This scope only: everything else comes from where it always comes from.
    writeFileSync(join(consumer, ".npmrc"), `@tr:registry=${registry.url}\n`);
    await npm(consumer, ["install", "--no-audit", "--no-fund", "@tr/session", codec]);
    assert(existsSync(join(consumer, "node_modules", codec, "CHANGELOG.md")), "CHANGELOG.md");
    for (const name of ["tsr-codec", "session"]) {
      const program = join(consumer, `${name}.ts`);
      copyFileSync(join(root, "scripts", "packages", "consumers", `${name}.ts`), program);
      await run(consumer, process.execPath, [program], { env });
    }
    assert.equal(installed(codec).version, first[codec]);
  });

  await step("second release, a patch of one package", async () => {
    const source = join(copy, "packages", "tsr-codec", "src", "index.ts");
    appendFileSync(source, "export const rehearsed = true;\n");
    const changeset = `---\n"${codec}": patch\n---\n\nA rehearsed patch.\n`;
    writeFileSync(join(copy, ".changeset", "rehearsed.md"), changeset);
    await commit(copy, "A patch");
    await release();
    const [major, minor, patch] = first[codec].split(".");
    const expected = { ...first, [codec]: `${major}.${minor}.${Number(patch) + 1}` };
    assert.deepEqual(versions(), expected, "the versions of all packages");
    return expected[codec];
  });

  await step("npm update brings it to the consumer", async () => {
    const program = join(consumer, "updated.mjs");
    writeFileSync(
      program,
      `import { rehearsed } from "${codec}";\nprocess.exit(rehearsed ? 0 : 1);\n`,
    );
    await assert.rejects(run(consumer, process.execPath, [program]), /rehearsed/);
    await npm(consumer, ["update", "--no-audit", "--no-fund"]);
    assert.equal(installed(codec).version, versions()[codec]);
    assert.equal(installed("@tr/session").version, first["@tr/session"]);
    await run(consumer, process.execPath, [program]);
    await run(consumer, process.execPath, ["tsr-codec.ts"]);
  });
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  registry.close();
  rmSync(target, { recursive: true, force: true, maxRetries: 5 });
}
if (failures() > 0) process.exitCode = 1;
console.log(`rehearsed in ${((performance.now() - started) / 1000).toFixed(1)} s`);
