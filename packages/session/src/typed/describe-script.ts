import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, resolve } from "node:path";
import { TrError } from "@tr/protocol/errors";
import { defaultServerPath, findPython, pythonPath } from "@tr/worker-py";
import type { Description } from "./description.js";

export interface DescribeOptions {
  /** The Python script, or `"default"`. */
  script: string;
  /** As for a session. Default: found, see `findPython`. */
  python?: string | readonly string[] | undefined;
  signal?: AbortSignal | undefined;
}

/** Large enough for thousands of commands; without a bound a script could fill the memory. */
const maxBytes = 64 * 2 ** 20;

/**
 * Imports the script in a Python process of its own, without running its main part, and gives its signatures.
 *
 * @throws TrError `TR_SCRIPT_NOT_FOUND`, `TR_PYTHON_NOT_FOUND`, `TR_START_FAILED` (with what the import
 * said), `TR_INVALID_ARGUMENT` when it has no commands, `TR_CANCELLED`.
 */
export async function describeScript(options: DescribeOptions): Promise<Description> {
  const script = options.script === "default" ? defaultServerPath : resolve(options.script);
  if (!existsSync(script)) {
    throw new TrError("TR_SCRIPT_NOT_FOUND", `there is no script ${script} (option script)`, {
      script,
    });
  }
  const python = findPython({ script, ...(options.python && { python: options.python }) });
  const args = [...python.args, "-m", "tech_renaissance.describe", script];
  const description = JSON.parse(await run(python.file, args, options.signal)) as Description;
  if (description.commands.length === 0) {
    throw new TrError(
      "TR_INVALID_ARGUMENT",
      `${script} has no @command functions when it is imported, so there is nothing to make types of. ` +
        "A class's main_logic takes any text and has no signatures: mark functions with @command, outside of the main part.",
    );
  }
  return description;
}

function run(file: string, args: string[], signal: AbortSignal | undefined): Promise<string> {
  const { PYTHONPATH } = process.env;
  const env = {
    ...process.env,
    PYTHONPATH: PYTHONPATH ? `${pythonPath}${delimiter}${PYTHONPATH}` : pythonPath,
    PYTHONIOENCODING: "utf-8",
  };
  return new Promise((done, fail) => {
    const options = { env, maxBuffer: maxBytes, windowsHide: true, ...(signal && { signal }) };
    execFile(file, args, options, (error, stdout, stderr) => {
      if (error === null) done(stdout);
      else if (signal?.aborted) {
        fail(new TrError("TR_CANCELLED", "describing was cancelled", { cause: signal.reason }));
      } else {
        const stderrTail = stderr.trimEnd().split("\n").slice(-30).join("\n");
        const { code } = error;
        const exitCode = typeof code === "number" ? code : null;
        const said = stderrTail || error.message;
        const message = `the script cannot be described: its import failed\n${said}`;
        fail(new TrError("TR_START_FAILED", message, { cause: error, exitCode, stderrTail }));
      }
    });
  });
}
