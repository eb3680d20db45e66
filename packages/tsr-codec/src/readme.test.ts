import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { codeOf, dtypes, sizeOf } from "./dtype.js";
import { TsrError } from "./tsr-error.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const readme = readFileSync(join(root, "README.md"), "utf8");

// A project of its own that has the package installed, so that dist/ is what is imported.
const project = mkdtempSync(join(tmpdir(), "tsr-codec-readme-"));
mkdirSync(join(project, "node_modules/@tr"), { recursive: true });
symlinkSync(root, join(project, "node_modules/@tr/tsr-codec"), "junction");
writeFileSync(join(project, "package.json"), '{ "type": "module" }');
afterAll(() => rmSync(project, { recursive: true }));

const programs = readme
  .split(/^## /m)
  .slice(1)
  .map((section) => ({
    title: section.slice(0, section.indexOf("\n")),
    code: section.split("```ts\n")[1]?.split("```")[0] ?? "",
  }))
  .filter(({ code }) => code !== "");

describe("the README", () => {
  it("has at most one program in each section", () => {
    expect(readme.match(/```ts/g)).toHaveLength(programs.length);
    expect(programs.length).toBeGreaterThan(5);
  });

  it.each(programs)("$title: the program prints what its comments say", ({ code }) => {
    const file = join(project, "program.ts");
    writeFileSync(file, code);
    const { stdout, stderr } = spawnSync(process.execPath, [file], {
      cwd: project,
      encoding: "utf8",
    });
    const promised = [...code.matchAll(/\/\/ → (.*)/g)].map(([, text]) => text);
    expect(promised.length).toBeGreaterThan(0);
    expect(stdout.trimEnd().split("\n"), stderr).toEqual(promised);
  });

  it("lists every dtype with its size and code", () => {
    const rows = readme
      .split("\n")
      .map((line) => line.split("|").map((cell) => cell.trim()))
      .filter(([, , data]) => /Array( \(|,|$)/.test(data ?? ""))
      .map(([, dtype, , size, code]) => [dtype, Number(size), Number(code)]);
    expect(rows.sort()).toEqual(
      dtypes.map((dtype) => [dtype, sizeOf(dtype), codeOf(dtype)]).sort(),
    );
  });

  it("lists every error code that the sources use", () => {
    const listed = new Set(readme.match(/TSR_[A-Z_]+/g));
    const declared = readFileSync(join(root, "src/tsr-error.ts"), "utf8").match(/"TSR_[A-Z_]+"/g);
    expect([...listed].sort()).toEqual(
      [...new Set(declared?.map((code) => JSON.parse(code) as string))].sort(),
    );
    expect(TsrError.name).toBe("TsrError");
  });
});
