import { readFileSync } from "node:fs";
import * as root from "@tr/sandbox";
import { execa } from "execa";
import { expect, it } from "vitest";

it("the client's entry exports these values and no others", () => {
  expect(Object.keys(root).sort()).toEqual(["Sandbox", "TrError"]);
});

/** What a program loads that imports the client. */
const program = `
import { registerHooks } from "node:module";
const files = [];
registerHooks({ load(url, context, next) { files.push(url); return next(url, context); } });
await import("@tr/sandbox");
console.log(JSON.stringify(files));`;

it("importing the client loads nothing of the server: no sessions, no schemas, no other package", async () => {
  const { stdout } = await execa(process.execPath, ["--input-type=module", "-e", program], {
    cwd: import.meta.dirname,
  });
  const loaded = (JSON.parse(stdout) as string[]).filter((url) => url.startsWith("file:"));
  const packages = loaded.map((url) => /packages\/([\w-]+)\/dist/.exec(url)?.[1] ?? url);
  expect([...new Set(packages)].sort()).toEqual(["protocol", "sandbox", "tsr-codec"]);
  const own = loaded.filter((url) => url.includes("/sandbox/dist/"));
  expect(own.filter((url) => url.includes("/server/"))).toEqual([]);
  const bytes = own.reduce((sum, url) => sum + readFileSync(new URL(url)).byteLength, 0);
  expect(bytes).toBeLessThan(50_000);
});
