import { TrError } from "@tr/session";
import type { LoadSpec } from "./host-process.js";

/**
 * Python says what is wrong with a class or a function, and of which api; this says where in the config file
 * it stands. Any other error is itself.
 */
export function loadFault(error: unknown, spec: LoadSpec): unknown {
  if (!TrError.is(error, "TR_PYTHON_ERROR") || error.pythonType !== "LoadError") return error;
  const { pythonType, pythonMessage, pythonTraceback } = error;
  const where = spec.kind === "backend" ? `resources.${spec.name}.backend_class: ` : "apis.";
  const message = `${where}${pythonMessage}`;
  const python = { pythonType, pythonMessage, pythonTraceback };
  const fault = new TrError("TR_PYTHON_ERROR", message, python);
  fault.stack = (error.stack ?? "").replace(error.message, () => message);
  return fault;
}
