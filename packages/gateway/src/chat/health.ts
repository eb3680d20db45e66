import type { Pool } from "@tr/pool";
import type { ModuleHealth } from "../gateway-module.js";
import type { ChatSessions } from "./chat-sessions.js";

/** How long it is told that no worker was there, in ms: they are back in less, and who asks once a second is to see it. */
const toldMs = 1000;

/** Tells whether an agent could run now: a worker must be there and alive, if only to be waited for. */
export function chatHealth(pool: Pool, sessions: ChatSessions): () => ModuleHealth {
  let lostAt = Number.NEGATIVE_INFINITY;
  pool.on("crash", () => {
    if (!statesOf(pool).includes("ready")) lostAt = performance.now();
  });
  return () => {
    const { size, idle } = pool.stats();
    const states = statesOf(pool);
    const hasWorker = states.includes("ready");
    const { live } = sessions;
    return {
      trouble: hasWorker
        ? recentLoss(performance.now() - lostAt)
        : `no Python worker runs; they are: ${states.join(", ")}`,
      fields: {
        agent_config_initialized: true,
        active_sessions: live.length,
        max_concurrent: size,
        available_slots: idle,
        processing_count: live.filter(({ status }) => status === "processing").length,
        lock_acquired: hasWorker,
      },
    };
  };
}

function recentLoss(agoMs: number): string | undefined {
  if (agoMs >= toldMs) return undefined;
  return `all Python workers ended ${Math.round(agoMs)} ms ago; they have been started again`;
}

function statesOf(pool: Pool): string[] {
  // One that works may be in native code for long, and is alive all the same.
  return pool
    .stats()
    .perWorker.map(({ status, responsive, leased }) =>
      responsive || leased ? status : "unresponsive",
    );
}
