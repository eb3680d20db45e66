import { readFileSync } from "node:fs";
import { errorAsJson, printError, UsageError } from "./errors.js";

const help = `Use Python from TypeScript with tensors.

  tr types <script.py> [-o out.ts] [--check]
      Writes a TypeScript module for typed calls of the script's @command functions.
      --check: writes nothing, and fails when out.ts is not what would be written.

  tr run <script.py> <command> [argument ...] [--kwarg name=value ...] [--timeout-ms N]
      Calls a command and prints its result. Arguments are JSON, or text where they are not.

  tr doctor [script.py]
      Says what this machine has of all that a session needs, and how to mend the rest.

  tr info <file> ... [--json]
      Says what is in tensor files (.tsr, .npy, .safetensors), from their headers alone.

  tr convert <in> <out> [--to tsr|npy|safetensors] [--tensor name ...] [--float32] [--force] [--json]
      Writes tensors in another format: that of the name of <out>, or of --to. A folder as <out>
      gets a file for each tensor. --tensor: these only. --float32: 16-bit floats become float32.
      --force: over a file that is there.

  tr serve --config <file> [--port N] [--host address] [--json]
      The gateway of a config file, until SIGTERM or Ctrl-C; then what runs may end. Prints the
      address and where the token is; the log goes to stderr.

  tr help, tr --version

  types, run, doctor: --python <path or name> of the interpreter. Without it: TR_PYTHON, the
  active virtual environment, a .venv from the script's folder upward, then the PATH.
  The script "default" is the server that comes with the package.

  Exit codes:
    0    done; of serve: ended by SIGTERM or Ctrl-C, everything in order
    1    failed: the reason is on stderr, with --json also on stdout
    2    called in a way that makes no sense
    130  ended by Ctrl-C (run, convert; serve: by the second)
    143  ended by SIGTERM (convert; serve: by the second)
`;

type Command = (args: string[]) => Promise<number>;

/** Each is loaded when it is called: what `tr info` needs is there at once, the gateway takes a while. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  types: async () => (await import("./types.js")).types,
  run: async () => (await import("./run.js")).run,
  doctor: async () => (await import("./doctor.js")).doctor,
  info: async () => (await import("./info.js")).info,
  convert: async () => (await import("./convert.js")).convert,
  serve: async () => (await import("./serve.js")).serveConfig,
};

/** Runs the program; resolves to its exit code. */
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
    return await (await command())(args);
  } catch (error) {
    if (args.includes("--json")) {
      process.stdout.write(`${JSON.stringify({ error: errorAsJson(error) })}\n`);
    }
    return printError(error);
  }
}

function version(): string {
  const manifest = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return JSON.parse(manifest).version;
}
