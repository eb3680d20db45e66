import { PythonSession } from "@tr/session";
import { pythonOption, readArguments, readMilliseconds, readPair, readValue } from "./arguments.js";
import { UsageError, withoutTail } from "./errors.js";
import { showValue } from "./show-value.js";

/** `tr run <script.py> <command> [argument ...] [--kwarg name=value ...] [--timeout-ms N]` */
export async function run(args: string[]): Promise<number> {
  const { values, words } = readArguments(args, {
    ...pythonOption,
    kwarg: { type: "string", multiple: true, default: [] },
    "timeout-ms": { type: "string" },
  });
  const [script, command, ...given] = words;
  if (script === undefined || command === undefined) {
    throw new UsageError("tr run takes a script and a command");
  }
  const limit = values["timeout-ms"];
  const timeoutMs = limit === undefined ? undefined : readMilliseconds("timeout-ms", limit);
  const kwargs = Object.fromEntries(values.kwarg.map(readPair));
  const { python } = values;

  const interrupt = new AbortController();
  process.once("SIGINT", () => interrupt.abort());
  const { signal } = interrupt;
  const session = new PythonSession({ script, ...(python !== undefined && { python }) });
  // The result alone is for stdout: what the script prints must not get into a pipe.
  session.on("log", ({ line }) => process.stderr.write(`${line}\n`));
  try {
    await session.start({ signal });
    const options = { kwargs, signal, ...(timeoutMs !== undefined && { timeoutMs }) };
    const parameters = given.map(readValue);
    if (await isStream(session, command)) {
      for await (const item of session.stream(command, parameters, options)) {
        print(showValue(item, 0));
      }
    } else {
      print(showValue(await session.call(command, parameters, options)));
    }
    return 0;
  } catch (error) {
    if (signal.aborted) return 130; // 128 + SIGINT, as shells count
    throw withoutTail(error);
  } finally {
    await session.close();
  }
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function isStream(session: PythonSession, command: string): Promise<boolean> {
  if (!session.info?.commands.includes(command)) return false;
  const said = await session.call<{ commands: Record<string, { kind: string }> }>("$signatures");
  return said.commands[command]?.kind === "stream";
}
