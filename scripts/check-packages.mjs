// Holds every package to what its users get: packed once, checked as a file (publint, arethetypeswrong),
// then installed by plain npm in a clean folder with nothing but its own dependencies, and used there.
import assert from "node:assert/strict";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createChecks } from "./packages/checks.mjs";
import { checkContents } from "./packages/contents.mjs";
import { checkImports } from "./packages/imports.mjs";
import { packAll } from "./packages/pack.mjs";
import { npm, root, run, tool } from "./packages/run.mjs";
import { checkTypes } from "./packages/types.mjs";

const target = realpathSync(mkdtempSync(join(tmpdir(), "tr-packed-")));
const { check, failures } = createChecks();

/** Makes the consumer's folder: the package, what it depends on, and a program that uses it. */
async function install(item, consumer) {
  const program = join(root, "scripts", "packages", "consumers", `${item.folder}.ts`);
  assert(existsSync(program), `write ${program}: a program that uses what the package exports`);
  mkdirSync(consumer);
  copyFileSync(program, join(consumer, "consumer.ts"));
  const dependencies = Object.fromEntries(
    item.closure.map(({ name, file }) => [name, `file:../${file}`]),
  );
  const manifest = { private: true, type: "module", dependencies };
  writeFileSync(join(consumer, "package.json"), JSON.stringify(manifest));
  await npm(consumer, "install --no-audit --no-fund --prefer-offline --no-package-lock".split(" "));
  const installed = readdirSync(join(consumer, "node_modules"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) =>
      name.startsWith("@")
        ? readdirSync(join(consumer, "node_modules", name)).map((sub) => `${name}/${sub}`)
        : [name],
    );
  const ours = installed.filter((name) => name.startsWith("@tr/")).sort();
  assert.deepEqual(ours, item.closure.map(({ name }) => name).sort(), "what node_modules holds");
  if (item.name === "@tr/tsr-codec") assert.deepEqual(installed, [item.name], "it needs others");
  return `${installed.length} in node_modules`;
}

async function checkPackage(item) {
  const { name, folder, file } = item;
  const packed = join(target, file);
  const consumer = join(target, folder);
  const used = async () => {
    if (!(await check(`${name}: installed alone`, () => install(item, consumer)))) return;
    await Promise.all([
      check(`${name}: consumer runs`, async () => {
        await run(consumer, process.execPath, ["consumer.ts"]);
      }),
      check(`${name}: contents`, () =>
        checkContents(join(consumer, "node_modules", ...name.split("/")), item),
      ),
      check(`${name}: import and require`, () => checkImports(consumer, item)),
      ...["nodenext", "bundler"].map((resolution) =>
        check(`${name}: types, ${resolution}`, () => checkTypes(consumer, item, resolution)),
      ),
    ]);
  };
  await Promise.all([
    used(),
    check(`${name}: publint`, async () => {
      await run(root, process.execPath, [tool("publint", "publint"), "--strict", packed]);
    }),
    check(`${name}: arethetypeswrong`, async () => {
      const attw = tool("@arethetypeswrong/cli", "attw");
      await run(root, process.execPath, [attw, "--profile", "esm-only", packed]);
    }),
  ]);
}

try {
  let packages = [];
  await check("pack", async () => {
    packages = await packAll(target);
    assert(packages.length > 0, "no package is published");
    return packages.map(({ name }) => name).join(", ");
  });
  // What depends on most takes longest: first.
  packages.sort((a, b) => b.closure.length - a.closure.length);
  await Promise.all(packages.map(checkPackage));
} finally {
  rmSync(target, { recursive: true, force: true, maxRetries: 5 });
}
process.exitCode = failures() === 0 ? 0 : 1;
