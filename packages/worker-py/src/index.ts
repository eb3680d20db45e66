export { type FindPythonOptions, type FoundPython, findPython } from "./find-python.js";
export { defaultServerPath, launcherPath, pythonPath, sandboxHostPath } from "./payload.js";
