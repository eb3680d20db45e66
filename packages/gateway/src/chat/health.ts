import type { Pool } from "@tr/pool";
import type { ModuleHealth } from "../gateway-module.js";
import type { ChatSessions } from "./chat-sessions.js";

/** Whether an agent could run now: a worker must be there and alive, if only to be waited for. */
export function chatHealth(pool: Pool, sessions: ChatSessions): ModuleHealth {
  const { size, idle, perWorker } = pool.stats();
  // One that works may be in native code for long, and is alive all the same.
  const states = perWorker.map(({ status, responsive, leased }) =>
    responsive || leased ? status : "unresponsive",
  );
  const hasWorker = states.includes("ready");
  const { live } = sessions;
  return {
    trouble: hasWorker ? undefined : `no Python worker runs; they are: ${states.join(", ")}`,
    fields: {
      agent_config_initialized: true,
      active_sessions: live.length,
      max_concurrent: size,
      available_slots: idle,
      processing_count: live.filter(({ status }) => status === "processing").length,
      lock_acquired: hasWorker,
    },
  };
}
