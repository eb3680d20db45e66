import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "tsr-codec-types-"));
afterAll(() => rmSync(folder, { recursive: true }));

const source = fileURLToPath(new URL(".", import.meta.url));
const compiler = join(
  dirname(createRequire(import.meta.url).resolve("typescript/package.json")),
  "bin/tsc",
);

/** What tsc says about a file compiled by the settings that the package is built with. */
function compile(text: string): string {
  writeFileSync(join(folder, "planted.mts"), text);
  const settings = {
    extends: join(source, "../tsconfig.build.json"),
    include: ["planted.mts"],
    compilerOptions: { noEmit: true, emitDeclarationOnly: false, rootDir: folder },
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(settings));
  const { stdout, status } = spawnSync(process.execPath, [compiler, "-p", folder], {
    encoding: "utf8",
  });
  return status === 0 ? "compiles" : stdout;
}

describe("the sources are portable", { timeout: 60_000 }, () => {
  it("the build knows typed arrays and streams, but neither Buffer nor process", () => {
    expect(compile("export const a = [new Uint8Array(1), new CompressionStream('deflate')];")).toBe(
      "compiles",
    );
    for (const planted of ["Buffer.from([1])", "process.platform", "require('x')"]) {
      expect(compile(`export const planted = ${planted};`)).toContain("Cannot find name");
    }
    expect(compile('import "node:fs";\nexport const a = 1;')).toContain("node:fs");
  });

  it("no source but the tests imports anything from outside its folder", () => {
    const files = readdirSync(source).filter((name) => !name.endsWith(".test.ts"));
    expect(files.length).toBeGreaterThan(10);
    for (const file of files) {
      const text = readFileSync(join(source, file), "utf8");
      for (const [, from] of text.matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)) {
        expect(from, file).toMatch(/^\.\/[a-z0-9-]+\.js$/);
      }
    }
  });
});
