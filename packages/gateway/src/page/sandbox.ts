import type { SandboxState } from "../dashboard/sandbox-state-schema.js";
import { startBoard } from "./board.js";
import { element } from "./element.js";
import { cancelRun } from "./run-tool.js";
import { showSandbox } from "./show-sandbox.js";
import { sayHealth } from "./status.js";

startBoard<SandboxState>({
  path: "dashboard/sandbox",
  show: showSandbox,
  showNoAnswer: sayHealth,
  first: element("tool", HTMLElement),
  leave: cancelRun,
});
