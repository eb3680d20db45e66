import { fileURLToPath } from "node:url";

function inPackage(path: string): string {
  return fileURLToPath(new URL(`../${path}`, import.meta.url));
}

/** The folder to put on Python's path so that `import tech_renaissance` finds this package's copy. */
export const pythonPath: string = inPackage("python");

/** The program that prepares the process and then runs the user's script: `python <launcherPath> <script> <sessionId>`. */
export const launcherPath: string = inPackage("python/tech_renaissance/launcher.py");

/** The script behind the name `"default"`: tensor maths with PyTorch, or with numpy where there is no PyTorch. */
export const defaultServerPath: string = inPackage("python/tech_renaissance/default_server.py");
