import { readFileSync, writeFileSync } from "node:fs";
import { generateTypes } from "@tr/session";
import { pythonOption, readArguments } from "./arguments.js";
import { UsageError } from "./errors.js";
import { paint } from "./paint.js";

/** `tr types <script.py> [-o out.ts] [--check]` */
export async function types(args: string[]): Promise<number> {
  const { values, words } = readArguments(args, {
    ...pythonOption,
    output: { type: "string", short: "o" },
    check: { type: "boolean", default: false },
  });
  const [script, ...others] = words;
  const { output, check, python } = values;
  if (script === undefined || others.length > 0) throw new UsageError("tr types takes one script");
  if (check && output === undefined) throw new UsageError("--check needs -o: the file to look at");
  const text = await generateTypes({
    script,
    python,
    onWarning: (message) => {
      process.stderr.write(`${paint("yellow", "warning:", process.stderr)} ${message}\n`);
    },
  });
  if (output === undefined) {
    process.stdout.write(text);
  } else if (!check) {
    writeFileSync(output, text);
  } else if (readIfThere(output) !== text) {
    process.stderr.write(`${output} is not up to date. Run: tr types ${script} -o ${output}\n`);
    return 1;
  }
  return 0;
}

/** Its lines end as those made here, whatever git has made of them on Windows. */
function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").replaceAll("\r\n", "\n");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
