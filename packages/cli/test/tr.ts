import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { execa } from "execa";

const manifestUrl = new URL("../package.json", import.meta.url);
export const manifest = JSON.parse(readFileSync(manifestUrl, "utf8"));
/** As the package gives it to its users. */
export const bin = fileURLToPath(new URL(manifest.bin.tr, manifestUrl));

interface Where {
  readonly cwd: string;
  readonly env?: Record<string, string>;
  /** For Node itself. */
  readonly nodeArgs?: readonly string[];
}

/** Runs the built program to its end. */
export async function runTr(args: readonly string[], { cwd, env = {}, nodeArgs = [] }: Where) {
  const options = { cwd, env, reject: false } as const;
  const { stdout, stderr, exitCode } = await execa(
    process.execPath,
    [...nodeArgs, bin, ...args],
    options,
  );
  return { stdout, stderr, exitCode };
}
