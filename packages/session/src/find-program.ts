import { existsSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { TrError } from "@tr/protocol/errors";
import { defaultServerPath, findPython } from "@tr/worker-py";
import type { ResolvedOptions } from "./options.js";

/** What is to be run. */
export interface Program {
  /** Absolute. */
  readonly script: string;
  /** The interpreter: its file, and what comes before the script. */
  readonly file: string;
  readonly args: readonly string[];
}

/** @throws TrError `TR_SCRIPT_NOT_FOUND`, `TR_INVALID_ARGUMENT` (cwd), `TR_PYTHON_NOT_FOUND` */
export function findProgram({ script: named, cwd, python }: ResolvedOptions): Program {
  const script = named === "default" ? defaultServerPath : resolve(named);
  if (!existsSync(script)) {
    throw new TrError("TR_SCRIPT_NOT_FOUND", `there is no script ${script} (option script)`, {
      script,
    });
  }
  if (cwd !== undefined && !statSync(cwd, { throwIfNoEntry: false })?.isDirectory()) {
    throw new TrError("TR_INVALID_ARGUMENT", `option cwd: there is no directory ${resolve(cwd)}`);
  }
  return { script, ...findPython({ script, ...(python && { python }) }) };
}
