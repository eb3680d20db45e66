import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));
export const windows = process.platform === "win32";

/**
 * Runs a program to its end and gives what it printed; an end with an error throws all of it.
 * `shell` is for npm and pnpm, which are .cmd files on Windows and start in a shell only.
 */
export function run(cwd, file, args, { shell = false, env, ok = [0] } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(file, shell && windows ? args.map(quote) : args, {
      cwd,
      shell: shell && windows,
      env: env ?? process.env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => {
        output += text;
      });
    }
    child.on("error", reject);
    child.on("close", (status, signal) => {
      if (ok.includes(status)) resolve(output);
      else reject(new Error(`${file} ${args.join(" ")}: ${signal ?? `exit ${status}`}\n${output}`));
    });
  });
}

const quote = (word) => (/\s/.test(word) ? `"${word}"` : word);

export const npm = (cwd, args, options) => run(cwd, "npm", args, { shell: true, ...options });
export const pnpm = (cwd, args, options) => run(cwd, "pnpm", args, { shell: true, ...options });

/** The JavaScript file behind a command of a tool of this repository: no shell and no pnpm are needed to run it. */
export function tool(packageName, command) {
  const folder = join(root, "node_modules", packageName);
  const { bin } = readJson(join(folder, "package.json"));
  return join(folder, typeof bin === "string" ? bin : bin[command]);
}

export const readJson = (path) => JSON.parse(readFileSync(path, "utf8"));
