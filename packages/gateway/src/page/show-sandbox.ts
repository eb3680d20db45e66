import type { SandboxState } from "../dashboard/sandbox-state-schema.js";
import { element, setText } from "./element.js";
import { clock, duration } from "./format.js";
import { KeyedTable } from "./keyed-table.js";
import { request } from "./request.js";
import { chooseTool, offerTools } from "./run-tool.js";
import { say, sayHealth, sayNews } from "./status.js";
import { tile } from "./tile.js";
import { signature, type Tool } from "./tool.js";

const troubleText = element("trouble", HTMLElement);
const warmUp = element("warm-up", HTMLButtonElement);
const backEnds = new KeyedTable(element("back-ends", HTMLTableElement));
const sessions = new KeyedTable(element("sessions", HTMLTableElement));
const tools = new KeyedTable(element("tools", HTMLTableElement));
let toolsShown: number | undefined;
/** By the last word that all is well. */
let restartsSaid: number | undefined;

/** Everything that the sandbox says of itself, once a second. */
export function showSandbox(state: SandboxState): void {
  const { trouble, back_ends } = state;
  const resources = back_ends.filter(({ kind }) => kind === "resource");
  const warm = resources.filter(({ warmed_up }) => warmed_up).length;
  const restarts = back_ends.reduce((sum, backEnd) => sum + backEnd.restarts, 0);
  tile("health", trouble === undefined ? "healthy" : "unhealthy");
  setText(troubleText, trouble ?? "");
  tile("warm", `${warm} of ${resources.length}`);
  tile("sessions", String(state.total_sessions));
  tile("calls", String(state.calls));
  tile("tools", String(state.tools));
  tile("restarts", String(restarts));
  showBackEnds(back_ends);
  showSessions(state.sessions);
  if (toolsShown !== state.tools) {
    toolsShown = state.tools;
    void showTools();
  }
  if (trouble === undefined) tellWell(restarts);
  else sayHealth(`unhealthy: ${trouble}`);
}

function tellWell(restarts: number): void {
  const isNews = restartsSaid !== undefined && restarts > restartsSaid;
  restartsSaid = restarts;
  const news = `healthy; a back end has crashed and is started again (${restarts} by now)`;
  if (isNews) sayNews(news, "healthy");
  else sayHealth("healthy");
}

function showBackEnds(all: SandboxState["back_ends"]): void {
  backEnds.show(
    all.map((backEnd) => {
      const { name, kind, phase, warmed_up, isolation = "" } = backEnd;
      const isResource = kind === "resource";
      const warmth = warmed_up ? "warm" : "cold";
      return {
        key: `${kind} ${name}`,
        cells: [
          { text: name },
          { text: phase, state: phase },
          { text: isResource ? warmth : "needs none", state: isResource ? warmth : "" },
          { text: String(backEnd.pid ?? "") },
          { text: isolation },
          { text: isResource ? String(backEnd.sessions) : "", isNumber: true },
          { text: String(backEnd.restarts), isNumber: true },
          { text: backEnd.error ?? "" },
        ],
      };
    }),
  );
}

function showSessions(all: SandboxState["sessions"]): void {
  sessions.show(
    all.map((session) => {
      const { session_id, session_name, status, temporary, calls, seconds_left } = session;
      const left = duration(seconds_left ?? undefined) || (calls > 0 ? "in use" : "");
      return {
        key: session_id,
        cells: [
          { text: session_name },
          { text: session.worker_id },
          { text: session.resource_type },
          { text: temporary ? `${status}, temporary` : status, state: status },
          { text: clock(session.created_at) },
          { text: String(calls), isNumber: true },
          { text: left, isNumber: true },
        ],
      };
    }),
  );
}

async function showTools(): Promise<void> {
  try {
    const response = await request("api/v1/tools?include_hidden=true");
    const { tools: all } = (await response.json()) as { tools: Tool[] };
    offerTools(all);
    tools.show(
      all.map(({ full_name, description, parameters }) => ({
        key: full_name,
        cells: [
          { text: full_name, onPress: () => chooseTool(full_name) },
          { text: description },
          { text: signature(parameters) },
        ],
      })),
    );
  } catch {
    toolsShown = undefined; // asked again with the next state
  }
}

warmUp.addEventListener("click", async () => {
  warmUp.disabled = true;
  say("warming up");
  try {
    const init = { method: "POST", headers: { "content-type": "application/json" }, body: "{}" };
    const { errors = {} } = await (await request("api/v1/warmup", init)).json();
    const failed = Object.entries(errors).map(([name, error]) => `${name}: ${error}`);
    say(failed.length === 0 ? "all back ends are warm" : `not warm: ${failed.join("; ")}`);
  } catch (error) {
    say(`not warmed up: ${error instanceof Error ? error.message : error}`);
  }
  warmUp.disabled = false;
});
