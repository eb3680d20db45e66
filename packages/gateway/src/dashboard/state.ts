import type { WorkerStats } from "@tr/pool";
import type { ChatOverview } from "../chat/chat.js";
import type { ChatSession } from "../chat/chat-session.js";
import { secondsPerPoint } from "../chat/history.js";
import type { DashboardState } from "./state-schema.js";

const maxSessions = 100;
const maxQuestion = 200;

/** Of a bounded size, however many sessions there are. */
export function stateOf({ stats, trouble, sessions, history }: ChatOverview): DashboardState {
  const { size, idle, busy, queued, restarts, perWorker } = stats;
  const bySlot = sessions.filter(({ slot }) => slot !== undefined);
  const oldest = sessions.length - maxSessions;
  const shown = sessions.filter(({ slot }, place) => place >= oldest || slot !== undefined);
  return {
    timestamp: new Date().toISOString(),
    ...(trouble !== undefined && { trouble }),
    ...{ slots: { size, idle, busy }, queued, restarts },
    workers: workersOf(perWorker, bySlot),
    sessions: shown.reverse().map((session) => ({
      session_id: session.id,
      question: session.question.slice(0, maxQuestion),
      status: session.status,
      start_time: session.startTime.toISOString(),
      ...(session.endTime && { end_time: session.endTime.toISOString() }),
      events: session.log.lastId,
    })),
    total_sessions: sessions.length,
    history: {
      seconds_per_point: secondsPerPoint,
      points: history.points().map(({ time, ended, failed, totalSeconds, longestSeconds }) => ({
        ...{ time, ended, failed },
        ...(ended > 0 && { mean_seconds: totalSeconds / ended, longest_seconds: longestSeconds }),
      })),
    },
  };
}

function workersOf(
  workers: readonly WorkerStats[],
  atWork: readonly ChatSession[],
): DashboardState["workers"] {
  const work = (session: ChatSession | undefined) =>
    session?.slot && {
      session_id: session.id,
      busy_since: session.slot.since.toISOString(),
    };
  const pids = new Set(workers.map(({ pid }) => pid));
  return [
    ...workers.map((worker, place) => {
      const { pid, calls, restarts, rssBytes } = worker;
      const session = pid === undefined ? undefined : atWork.find(({ slot }) => slot?.pid === pid);
      return {
        ...{ name: String(place), status: statusOf(worker), calls, restarts, ...work(session) },
        ...(pid !== undefined && { pid }),
        ...(rssBytes !== undefined && { rss_bytes: rssBytes }),
      };
    }),
    // Worn-out processes, whose places fresh ones have already.
    ...atWork
      .filter(({ slot }) => slot?.pid !== undefined && !pids.has(slot.pid))
      .map((session) => ({
        ...{ name: `last call of ${session.slot?.pid}`, status: "busy" },
        ...{ pid: session.slot?.pid, ...work(session) },
      })),
  ];
}

function statusOf({ status, leased, responsive }: WorkerStats): string {
  if (status !== "ready") return status;
  // One that works may be in native code for long, and is alive all the same.
  if (leased) return "busy";
  return responsive ? "ready" : "unresponsive";
}
