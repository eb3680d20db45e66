import type { DashboardState } from "../dashboard/state-schema.js";
import { element, setText } from "./element.js";
import { between, clock, mebibytes } from "./format.js";
import { KeyedTable } from "./keyed-table.js";
import { showHistory } from "./show-history.js";
import { openSession } from "./show-session.js";
import { sayHealth, sayNews } from "./status.js";
import { tile } from "./tile.js";

const troubleText = element("trouble", HTMLElement);
const workers = new KeyedTable(element("workers", HTMLTableElement));
const sessions = new KeyedTable(element("sessions", HTMLTableElement));
/** By the last word that all is well. */
let crashes: number | undefined;

/** Everything that the gateway says of itself, once a second. */
export function showState(state: DashboardState): void {
  const { slots, queued, timestamp, trouble } = state;
  tile("health", trouble === undefined ? "healthy" : "unhealthy");
  setText(troubleText, trouble ?? "");
  tile("busy", `${slots.busy} of ${slots.size}`);
  tile("idle", String(slots.idle));
  tile("queued", String(queued));
  tile("sessions", String(state.total_sessions));
  tile("restarts", String(state.restarts));
  workers.show(
    state.workers.map((worker) => ({
      key: worker.name,
      cells: [
        { text: worker.name },
        { text: worker.status, state: worker.status },
        { text: String(worker.pid ?? "") },
        { text: worker.session_id ?? "" },
        { text: between(worker.busy_since, timestamp), isNumber: true },
        { text: String(worker.calls ?? ""), isNumber: true },
        { text: String(worker.restarts ?? ""), isNumber: true },
        { text: mebibytes(worker.rss_bytes), isNumber: true },
      ],
    })),
  );
  sessions.show(
    state.sessions.map((session) => ({
      key: `${session.session_id} ${session.start_time}`,
      cells: [
        { text: session.session_id, onPress: () => openSession(session.session_id) },
        { text: session.question },
        { text: session.status, state: session.status },
        { text: clock(session.start_time) },
        { text: between(session.start_time, session.end_time ?? timestamp), isNumber: true },
        { text: String(session.events), isNumber: true },
      ],
    })),
  );
  showHistory(state.history);
  if (trouble === undefined) tellWell(state);
  else sayHealth(`unhealthy: ${trouble}`);
}

function tellWell(state: DashboardState): void {
  const crashesNow = state.workers.reduce((sum, worker) => sum + (worker.restarts ?? 0), 0);
  const isNews = crashes !== undefined && crashesNow > crashes;
  crashes = crashesNow;
  const news = `healthy; a worker has crashed and is started again (${crashesNow} by now)`;
  if (isNews) sayNews(news, "healthy");
  else sayHealth("healthy");
}
