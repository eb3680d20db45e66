import type { SandboxModule } from "../sandbox/sandbox-module.js";
import type { SandboxState } from "./sandbox-state-schema.js";

const maxSessions = 200;
const maxText = 200;

/** Of a bounded size, however many sessions there are. */
export function sandboxStateOf(sandbox: Pick<SandboxModule, "snapshot" | "trouble">): SandboxState {
  const { backEnds, sessions, tools } = sandbox.snapshot();
  const trouble = sandbox.trouble();
  const held = new Map<string, number>();
  for (const { resource_type } of sessions) {
    held.set(resource_type, (held.get(resource_type) ?? 0) + 1);
  }
  return {
    timestamp: new Date().toISOString(),
    ...(trouble !== undefined && { trouble }),
    tools: tools.length,
    calls: sessions.reduce((sum, { calls }) => sum + calls, 0),
    back_ends: backEnds.map((backEnd) => {
      const { name, kind, isolation, phase, loaded, warmedUp, pid, restarts, error } = backEnd;
      return {
        ...{ name, kind, phase, loaded, restarts, warmed_up: warmedUp },
        sessions: kind === "resource" ? (held.get(name) ?? 0) : 0,
        ...(isolation !== undefined && { isolation }),
        ...(pid !== undefined && { pid }),
        ...(error !== undefined && { error: error.slice(0, 10 * maxText) }),
      };
    }),
    sessions: sessions
      .slice(-maxSessions)
      .reverse()
      .map(({ session_id, resource_type, status, temporary, calls, created_at, ...session }) => ({
        ...{ session_id, resource_type, status, temporary, calls, created_at },
        session_name: session.session_name.slice(0, maxText),
        worker_id: session.worker_id.slice(0, maxText),
        seconds_left: session.msLeft === null ? null : Math.round(session.msLeft / 100) / 10,
      })),
    total_sessions: sessions.length,
  };
}
