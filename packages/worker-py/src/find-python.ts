import { accessSync, constants, statSync } from "node:fs";
import { delimiter, dirname, isAbsolute, join, resolve } from "node:path";
import { TrError } from "@tr/protocol/errors";

export interface FindPythonOptions {
  /** A path or a name on the PATH, or a command with its first arguments such as `["uv", "run", "python"]`. */
  python?: string | readonly string[];
  /** The user's script: a `.venv` is looked for from its folder upward. */
  script?: string;
  /** Default: `process.env`. */
  env?: NodeJS.ProcessEnv;
  /** Where relative paths start. Default: `process.cwd()`. */
  cwd?: string;
  /** Default: `process.platform`. */
  platform?: NodeJS.Platform;
}

export interface FoundPython {
  /** The executable. */
  file: string;
  /** Arguments that come before the script, for example `["run", "python"]`. */
  args: string[];
  /** Which rule found it. */
  source: "option" | "TR_PYTHON" | "VIRTUAL_ENV" | ".venv" | "PATH";
}

/**
 * Finds the Python to run, without starting one: the `python` option, `TR_PYTHON`, the active virtual
 * environment, a `.venv` from the script's folder upward, then `python3`, `python` and (on Windows)
 * `py -3` on the PATH. What is named explicitly must exist; nothing else is tried in its place.
 *
 * @throws TrError `TR_PYTHON_NOT_FOUND`, with every place that was looked at in `lookedIn`.
 */
export function findPython(options: FindPythonOptions = {}): FoundPython {
  const { env = process.env, cwd = process.cwd(), platform = process.platform } = options;
  const windows = platform === "win32";
  const lookedIn: string[] = [];
  const look = (rule: string, path: string): string | undefined => {
    lookedIn.push(`${rule}: ${path}`);
    return isExecutable(path, windows) ? path : undefined;
  };
  const find = (rule: string, name: string): string | undefined => {
    if (/[/\\]/.test(name)) return look(rule, resolve(cwd, name));
    for (const folder of pathFolders(env)) {
      for (const extension of windows ? ["", ".exe", ".cmd", ".bat"] : [""]) {
        const path = join(folder, name + extension);
        if (isExecutable(path, windows)) return path;
      }
    }
    lookedIn.push(`${rule}: ${name} on the PATH (${pathFolders(env).length} folders)`);
    return undefined;
  };

  const [command, ...args] = [options.python ?? []].flat();
  if (command !== undefined) {
    const file = find("option python", command);
    if (file !== undefined) return { file, args, source: "option" };
    throw notFound(lookedIn);
  }
  if (env.TR_PYTHON) {
    const file = find("TR_PYTHON", env.TR_PYTHON);
    if (file !== undefined) return { file, args: [], source: "TR_PYTHON" };
    throw notFound(lookedIn);
  }
  const inVenv = windows ? ["Scripts", "python.exe"] : ["bin", "python"];
  if (env.VIRTUAL_ENV) {
    const file = look("VIRTUAL_ENV", join(env.VIRTUAL_ENV, ...inVenv));
    if (file !== undefined) return { file, args: [], source: "VIRTUAL_ENV" };
  }
  for (const folder of foldersUpward(dirname(resolve(cwd, options.script ?? "x")))) {
    const file = look(".venv", join(folder, ".venv", ...inVenv));
    if (file !== undefined) return { file, args: [], source: ".venv" };
  }
  for (const name of ["python3", "python"]) {
    const file = find("PATH", name);
    if (file !== undefined) return { file, args: [], source: "PATH" };
  }
  const launcher = windows ? find("PATH", "py") : undefined;
  if (launcher !== undefined) return { file: launcher, args: ["-3"], source: "PATH" };
  throw notFound(lookedIn);
}

function notFound(lookedIn: string[]): TrError {
  return new TrError(
    "TR_PYTHON_NOT_FOUND",
    `no Python was found. Looked at:\n${lookedIn.map((place) => `  ${place}`).join("\n")}\n` +
      "Install Python 3.10 or newer, or name one with the option python or the variable TR_PYTHON.",
    { lookedIn },
  );
}

function pathFolders(env: NodeJS.ProcessEnv): string[] {
  // Windows spells it Path; process.env hides that, a copy of it does not.
  const value = env.PATH ?? Object.entries(env).find(([name]) => /^path$/i.test(name))?.[1] ?? "";
  return value.split(delimiter).filter((folder) => isAbsolute(folder));
}

function* foldersUpward(start: string): Generator<string> {
  for (let folder = start; ; folder = dirname(folder)) {
    yield folder;
    if (dirname(folder) === folder) return;
  }
}

function isExecutable(path: string, windows: boolean): boolean {
  try {
    const { size } = statSync(path);
    // The Microsoft Store puts empty placeholders called python.exe on the PATH.
    if (windows) return size > 0;
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false; // not there, or not ours to run: either way the next place is looked at
  }
}
