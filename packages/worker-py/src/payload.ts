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

/** The script of a sandbox's processes: a back end or api tools, and the commands to use them. */
export const sandboxHostPath: string = inPackage("python/tech_renaissance/sandbox/host.py");
