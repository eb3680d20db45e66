import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Page } from "./read-page.js";
import { runProgram } from "./run-program.js";

const repository = new URL("../../../", import.meta.url);
const tr = fileURLToPath(new URL("packages/cli/dist/main.js", repository));

/**
 * A line of a `sh` block. Programs run. What installs would need the network: there the packages must
 * exist, and those from npm be all that the page's programs import. Scripts of this repository may
 * take minutes: they must exist.
 *
 * @returns what it prints.
 */
export async function runCommand(line: string, page: Page, folder: string): Promise<string> {
  const [program = "", ...args] = line.split(/ +/);
  const [verb = "", ...names] = args;
  switch (verb === "install" ? `${program} install` : program) {
    case "npm install":
      checkNpmPackages(names, page);
      return "";
    case "pip install": {
      const modules = names.map((name) => name.replaceAll("-", "_"));
      return runProgram("python", ["-c", `import ${modules.join(", ")}`], folder);
    }
    case "pnpm": {
      const { scripts } = JSON.parse(readFileSync(new URL("package.json", repository), "utf8"));
      if (!(verb in scripts)) throw new Error(`${line}: package.json has no script ${verb}`);
      return "";
    }
    case "npx":
      if (verb !== "tr") throw new Error(`${line}: expected npx tr`);
      return runProgram("node", [tr, ...names], folder);
    case "node":
    case "python":
      return runProgram(program as "node" | "python", args, folder);
    default:
      throw new Error(`${line}: expected npm install, pip install, pnpm, npx tr, node or python`);
  }
}

function checkNpmPackages(names: readonly string[], { blocks }: Page): void {
  const published = readdirSync(new URL("packages", repository)).map((name) => `@tr/${name}`);
  const unknown = names.find((name) => !published.includes(name));
  if (unknown !== undefined) throw new Error(`${unknown} is none of ${published}`);
  const programs = blocks.filter(({ language }) => language === "ts");
  for (const { code } of programs) {
    for (const [, name = ""] of code.matchAll(/ from "(@[^/"]+\/[^/"]+)/g)) {
      if (!names.includes(name)) throw new Error(`the programs of the page also need ${name}`);
    }
  }
}
