import { realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { TrError } from "@tr/protocol/errors";

const name = "@tr/gateway";

/**
 * The command that serves a config file, with the gateway that the program has installed; it is not imported
 * here, so that a client needs none.
 *
 * @throws TrError `TR_SANDBOX_START_FAILED` when there is none
 */
export function gatewayCommand(config: string): [string, ...string[]] {
  const places = new Set([programFolder(), process.cwd(), dirname(config), import.meta.dirname]);
  for (const folder of places) {
    const module = resolveFrom(folder);
    if (module !== undefined) return [process.execPath, ...serveProgram(module), config];
  }
  const text = `cannot start a server: ${name} is not installed (looked from ${[...places].join(", ")}). Install it, as by \`pnpm add ${name}\`, or give the option serverCommand`;
  throw new TrError("TR_SANDBOX_START_FAILED", text, { logTail: "" });
}

/** The folder of the program's own file, where its packages are looked for; links count as what they point at. */
function programFolder(): string {
  const [, file] = process.argv;
  try {
    return dirname(realpathSync(file ?? ""));
  } catch {
    return process.cwd(); // no file: --eval, or a prompt
  }
}

function resolveFrom(folder: string): string | undefined {
  try {
    return createRequire(join(folder, "_.js")).resolve(name);
  } catch {
    return undefined; // not installed there
  }
}

/** Not `main` of the gateway: a log that a person is shown when the start fails is not for programs. */
function serveProgram(module: string): string[] {
  const program = `
    import { serve } from ${JSON.stringify(pathToFileURL(module).href)};
    try {
      await serve(process.argv[1], { log: { format: "pretty" } });
    } catch (error) {
      console.error(error?.code === undefined ? error : \`\${error.code}: \${error.message}\`);
      process.exitCode = 1;
    }`;
  return ["--input-type=module", "--eval", program.replace(/\s*\n\s*/g, " ").trim(), "--"];
}
