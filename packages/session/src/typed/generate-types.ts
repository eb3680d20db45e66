import { basename } from "node:path";
import { type DescribeOptions, describeScript } from "./describe-script.js";
import { moduleText } from "./module-text.js";

export interface GenerateTypesOptions extends DescribeOptions {
  /** Told of each type that has no counterpart in TypeScript and became `unknown`. Default: a line on stderr. */
  onWarning?: ((message: string) => void) | undefined;
}

/**
 * The text of a TypeScript module for typed calls of a script's `@command` functions: an interface
 * `Server`, and a value `server` for `session.as(server)`. It imports types of `@tr/session` alone.
 *
 * @throws TrError `TR_SCRIPT_NOT_FOUND`, `TR_PYTHON_NOT_FOUND`, `TR_START_FAILED` (with what the script's
 * import said), `TR_INVALID_ARGUMENT` when the script has no `@command` functions, `TR_CANCELLED`.
 */
export async function generateTypes(options: GenerateTypesOptions): Promise<string> {
  const { onWarning = (message) => process.stderr.write(`${message}\n`) } = options;
  const description = await describeScript(options);
  for (const warning of description.warnings) onWarning(warning);
  return moduleText(description, basename(options.script));
}
