import { execa } from "execa";
import { expect, it } from "vitest";

/** What a program loads that imports the package: its files, and the parts of Node that are not there already. */
const program = `
import { registerHooks } from "node:module";
const files = [];
registerHooks({ load(url, context, next) { files.push(url); return next(url, context); } });
const before = new Set(process.moduleLoadList);
await import("@tr/session");
const builtins = process.moduleLoadList.filter((name) => !before.has(name));
console.log(JSON.stringify({ files, builtins }));`;

it("importing the package loads no native code, no schemas, and no slow part of Node that a start does without", async () => {
  const { stdout } = await execa(process.execPath, ["--input-type=module", "-e", program], {
    cwd: import.meta.dirname,
  });
  const { files, builtins } = JSON.parse(stdout) as { files: string[]; builtins: string[] };
  const names = files.map((url) => url.replaceAll("\\", "/"));
  expect(names.some((url) => url.endsWith("/session/dist/index.js"))).toBe(true);
  expect(builtins).toContain("NativeModule child_process");
  expect(
    names.filter((url) => /koffi|zod|schemas|shared-memory|fork-server|\/typescript\//.test(url)),
  ).toEqual([]);
  // Importing node:util, too, loads all that it only passes on: 4 ms, as much as node:crypto.
  expect(names.filter((url) => /^node:(util|crypto|http|worker_threads)/.test(url))).toEqual([]);
  expect(builtins.filter((name) => /crypto|webstreams|undici|http/.test(name))).toEqual([]);
});
