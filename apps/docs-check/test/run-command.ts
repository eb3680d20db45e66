import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { type Background, startBackground } from "./background.js";
import type { Page } from "./read-page.js";
import { runProgram } from "./run-program.js";

const repository = new URL("../../../", import.meta.url);
const tr = fileURLToPath(new URL("packages/cli/dist/main.js", repository));

/**
 * A line of a `sh` block. Programs run. What installs would need the network: there the packages must
 * exist, and those from npm be all that the page's programs import. Scripts of this repository may
 * take minutes: they must exist.
 *
 * @param background where a program is put that goes on beside the page: a line that ends with &
 * @returns what it prints.
 */
export async function runCommand(
  line: string,
  page: Page,
  folder: string,
  background: Background[],
): Promise<string> {
  const [program = "", ...args] = wordsOf(line, folder);
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
    case "curl": {
      const { stdout } = await execa("curl", args, { stripFinalNewline: false, timeout: 30_000 });
      return stdout.endsWith("\n") ? stdout : `${stdout}\n`;
    }
    case "node":
    case "python":
      if (program === "node" && args.at(-1) === "&") {
        background.push(await startBackground(args.slice(0, -1), folder));
        return "";
      }
      return runProgram(program as "node" | "python", args, folder);
    default:
      throw new Error(
        `${line}: expected npm install, pip install, pnpm, npx tr, curl, node or python`,
      );
  }
}

/** As a shell makes them, as far as the pages need it: quotes, and the content of a file in double ones. */
function wordsOf(line: string, folder: string): string[] {
  const words = line.match(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g) ?? [];
  return words.map((word) =>
    word.replace(/'([^']*)'|"([^"]*)"/g, (_, plain?: string, quoted?: string) => {
      if (plain !== undefined) return plain;
      return (quoted ?? "").replace(/\$\(cat ([\w.-]+)\)/g, (_, file: string) =>
        readFileSync(join(folder, file), "utf8").trimEnd(),
      );
    }),
  );
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
