import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { PythonSession } from "@tr/session";
import { cases } from "./cases.js";
import type { Tolerance } from "./compare.js";
import { type Implementations, implementations } from "./implementations/index.js";
import { type Result, runCases } from "./run-cases.js";

/** Ours, or those that a module exports under the same names. */
async function chosen(path: string | undefined): Promise<Implementations> {
  if (path === undefined) return implementations;
  const given: Partial<Implementations> = await import(pathToFileURL(resolve(path)).href);
  for (const name of Object.keys(given)) {
    if (!(name in implementations)) {
      const names = Object.keys(implementations).join(", ");
      throw new Error(`${path} exports ${name}; what can be verified: ${names}`);
    }
  }
  return { ...implementations, ...given };
}

const number = (value: number) => (value === 0 ? "0" : value.toExponential(1));

function allowed({ atol, rtol }: Tolerance): string {
  if (rtol === 0) return atol === 0 ? "nothing" : number(atol);
  return `${number(atol)} + ${number(rtol)}·|x|`;
}

function line(columns: readonly string[]): string {
  const [title = "", absolute = "", relative = "", limit = "", verdict = ""] = columns;
  return `${title.padEnd(62)}${absolute.padEnd(10)}${relative.padEnd(10)}${limit.padEnd(22)}${verdict}`;
}

function row({ case: { title, tolerance }, absolute, relative, isRight, fault }: Result): string {
  const verdict = isRight ? `✓ ${tolerance.because}` : `✗ wrong${fault ? `: ${fault}` : ""}`;
  return line([title, number(absolute), number(relative), allowed(tolerance), verdict]);
}

const own = await chosen(process.argv[2]);
const session = new PythonSession(); // the default server: its op runs any function of PyTorch
try {
  await session.start();
  const { command, packages } = session.info ?? {};
  if (!packages?.torch) throw new Error(`PyTorch is not installed for ${command?.join(" ")}`);
  console.log(`Against PyTorch ${packages.torch}\n`);
  console.log(line(["case", "absolute", "relative", "allowed", ""]));
  let wrong = 0;
  for await (const result of runCases(session, cases, own)) {
    console.log(row(result));
    if (!result.isRight) wrong++;
  }
  console.log(
    wrong === 0
      ? `\nAll ${cases.length} cases are right.`
      : `\n${wrong} of ${cases.length} cases are wrong.`,
  );
  process.exitCode = wrong === 0 ? 0 : 1;
} finally {
  await session.close();
}
