import type { DashboardState } from "../dashboard/state-schema.js";
import { cancel } from "./ask.js";
import { startBoard } from "./board.js";
import { element } from "./element.js";
import { closeSession } from "./show-session.js";
import { showState } from "./show-state.js";
import { sayHealth } from "./status.js";

startBoard<DashboardState>({
  path: "dashboard/state",
  show: showState,
  showNoAnswer: sayHealth,
  first: element("question", HTMLElement),
  leave() {
    cancel();
    closeSession();
  },
});
