import { readFileSync } from "node:fs";
import { doctor } from "./doctor.js";
import { printError, UsageError } from "./errors.js";
import { run } from "./run.js";
import { types } from "./types.js";

const help = `Use Python from TypeScript with tensors.

  tr types <script.py> [-o out.ts] [--check]
      Writes a TypeScript module for typed calls of the script's @command functions.
      --check: writes nothing, and fails when out.ts is not what would be written.

  tr run <script.py> <command> [argument ...] [--kwarg name=value ...] [--timeout-ms N]
      Calls a command and prints its result. Arguments are JSON, or text where they are not.

  tr doctor [script.py]
      Says what this machine has of all that a session needs, and how to mend the rest.

  tr help, tr --version

  Everywhere: --python <path or name> of the interpreter. Without it: TR_PYTHON, the active
  virtual environment, a .venv from the script's folder upward, then the PATH.
  The script "default" is the server that comes with the package.
`;

const commands: Readonly<Record<string, (args: string[]) => Promise<number>>> = {
  types,
  run,
  doctor,
};

/** Runs the program; resolves to its exit code: 0, 1 for a failure, 2 for a call that makes no sense, 130 after Ctrl-C. */
export async function runCli([name = "help", ...args]: string[]): Promise<number> {
  if (["help", "--help", "-h"].includes(name) || args.includes("--help")) {
    process.stdout.write(help);
    return 0;
  }
  if (name === "--version") {
    process.stdout.write(`${version()}\n`);
    return 0;
  }
  try {
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (command === undefined) throw new UsageError(`there is no command "${name}"`);
    return await command(args);
  } catch (error) {
    return printError(error);
  }
}

function version(): string {
  const manifest = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return JSON.parse(manifest).version;
}
