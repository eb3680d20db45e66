import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { afterAll, describe, expect, it } from "vitest";
import { readPage } from "./read-page.js";
import { fileName, runPage } from "./run-page.js";

const docs = fileURLToPath(new URL("../../../docs", import.meta.url));
const dist = fileURLToPath(new URL("../dist", import.meta.url));
mkdirSync(dist, { recursive: true });
// Inside this package, so that the packages and the Python environment are found as a user's program finds them.
const programs = mkdtempSync(join(dist, "pages-"));
afterAll(() => rmSync(programs, { recursive: true, force: true }));

const pages = readdirSync(docs, { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".md"))
  .map((path) => ({ path, ...readPage(readFileSync(join(docs, path), "utf8")) }));

describe.each(pages)("docs/$path", (page) => {
  it("its programs print what it says, and its messages are messages", async () => {
    for (const { line, found, stated } of await runPage(page, join(programs, page.path))) {
      expect(wildcards(found, stated), `line ${line}`).toBe(stated);
    }
  });

  it("its links lead somewhere", () => {
    const broken = page.links.filter((link) => !leadsSomewhere(link, page));
    expect(broken).toEqual([]);
  });
});

/** `found` with what `…` stands for in `stated` put as `…`: the same text then; else as it is. */
function wildcards(found: string, stated: string): string {
  const pattern = stated
    .replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")
    .replace(/^…\n/gm, "(?:.*\\n)*?")
    .replaceAll("…", ".*?");
  return new RegExp(`^${pattern}$`).test(found) ? stated : found;
}

function leadsSomewhere(link: string, { path }: { path: string }): boolean {
  if (/^https?:/.test(link)) return true;
  const [file = "", anchor] = link.split("#");
  const target = file === "" ? join(docs, path) : resolve(docs, dirname(path), file);
  if (!existsSync(target)) return false;
  return anchor === undefined || readPage(readFileSync(target, "utf8")).anchors.has(anchor);
}

it("the index names every page", () => {
  const index = pages.find(({ path }) => path === "README.md");
  const named = index?.links.map((link) => relative(docs, resolve(docs, link)));
  for (const { path } of pages) if (path !== "README.md") expect(named).toContain(path);
});

it("the programs are right in a compiler's eyes too", async () => {
  for (const { path, blocks } of pages) {
    const folder = join(programs, "types", path);
    mkdirSync(folder, { recursive: true });
    for (const block of blocks) {
      if (block.language === "ts") writeFileSync(join(folder, fileName(block)), block.code);
    }
    const run = join(programs, path);
    // What a command of the page has written while it was run.
    const made = existsSync(run)
      ? readdirSync(run).filter((name) => name.endsWith(".types.ts"))
      : [];
    for (const name of made) copyFileSync(join(run, name), join(folder, name));
  }
  const base = fileURLToPath(new URL("../../../tsconfig.base.json", import.meta.url));
  // Node runs the programs as they stand, so they import "./server.types.ts" by its name.
  const compilerOptions = { allowImportingTsExtensions: true };
  const tsconfig = { extends: base, include: ["types"], compilerOptions };
  writeFileSync(join(programs, "tsconfig.json"), JSON.stringify(tsconfig));
  const options = { preferLocal: true, localDir: dist, reject: false };
  const { stdout } = await execa("tsc", ["-p", programs], options);
  expect(stdout).toBe("");
});
