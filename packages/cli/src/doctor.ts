import { pythonOption, readArguments } from "./arguments.js";
import { checkFiles } from "./doctor/check-files.js";
import { checkNode } from "./doctor/check-node.js";
import { checkPython } from "./doctor/check-python.js";
import { checkSession } from "./doctor/check-session.js";
import type { Finding } from "./doctor/finding.js";
import { UsageError } from "./errors.js";
import { paint } from "./paint.js";

const marks = { fine: ["green", "✓"], note: ["yellow", "•"], bad: ["red", "✗"] } as const;

/** `tr doctor [script.py]`: a line for each thing that a session needs; 1 when one is missing. */
export async function doctor(args: string[]): Promise<number> {
  const { values, words } = readArguments(args, pythonOption);
  const [script, ...others] = words;
  if (others.length > 0) throw new UsageError("tr doctor takes one script at most");
  let isBad = false;
  const say = ({ level, about, text, mend }: Finding) => {
    isBad ||= level === "bad";
    const [colour, mark] = marks[level];
    process.stdout.write(`${paint(colour, mark, process.stdout)} ${about.padEnd(20)} ${text}\n`);
    for (const line of mend?.split("\n") ?? []) process.stdout.write(`    → ${line}\n`);
  };
  say(checkNode());
  const { findings, isUsable } = await checkPython({ script, python: values.python });
  findings.forEach(say);
  const session = isUsable
    ? await checkSession({ script, python: values.python })
    : { findings: [], workspace: undefined };
  session.findings.forEach(say);
  (await checkFiles(session.workspace)).forEach(say);
  return isBad ? 1 : 0;
}
