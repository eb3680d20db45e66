import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

function inPayload(path: string): string {
  return fileURLToPath(new URL(`../python/${path}`, import.meta.url));
}

/** The folder to put on Python's path so that `import tech_renaissance` finds this package's copy. */
export const pythonPath: string = inPayload("");

const beside = inPayload("tr_launcher.py");
/** The program that prepares the process and then runs the user's script: `python <launcherPath> <script> <sessionId>`. */
export const launcherPath: string = existsSync(beside)
  ? beside
  : inPayload("tech_renaissance/launcher.py");

/** The script behind the name `"default"`: tensor maths with PyTorch, or with numpy where there is no PyTorch. */
export const defaultServerPath: string = inPayload("tech_renaissance/default_server.py");
