import type { Pool } from "@tr/pool";
import { Counter, Gauge, Histogram, type Registry } from "prom-client";

/** From a millisecond to the longest wait that is allowed by default. */
const seconds = [0.001, 0.005, 0.02, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 120, 300];

export interface ChatMetrics {
  readonly ended: Counter<"status">;
  readonly wait: Histogram;
  readonly firstEvent: Histogram;
  readonly duration: Histogram;
  readonly restarts: Counter;
}

/** What is counted as it happens; the rest is read from the pool when somebody asks. */
export function chatMetrics(registry: Registry, pool: Pool): ChatMetrics {
  const registers = [registry];
  new Gauge({
    ...{ name: "tr_chat_queue_length", help: "Requests that wait for a slot", registers },
    collect() {
      this.set(pool.stats().queued);
    },
  });
  new Gauge({
    ...{ name: "tr_chat_slots", help: "Slots by what they do", labelNames: ["state"], registers },
    collect() {
      const { size, idle, busy } = pool.stats();
      this.set({ state: "idle" }, idle);
      this.set({ state: "busy" }, busy);
      this.set({ state: "unavailable" }, Math.max(0, size - idle - busy));
    },
  });
  new Gauge({
    ...{ name: "tr_worker_resident_memory_bytes", help: "Memory of each Python worker" },
    ...{ labelNames: ["worker"], registers },
    collect() {
      this.reset();
      for (const [worker, { rssBytes }] of pool.stats().perWorker.entries()) {
        if (rssBytes !== undefined) this.set({ worker }, rssBytes);
      }
    },
  });
  const histogram = (name: string, help: string) =>
    new Histogram({ name, help, buckets: seconds, registers });
  const ended = { name: "tr_chat_sessions_total", help: "Sessions that have ended, by how" };
  const restarts = { name: "tr_worker_restarts_total", help: "Python workers that have crashed" };
  return {
    ended: new Counter({ ...ended, labelNames: ["status"], registers }),
    restarts: new Counter({ ...restarts, registers }),
    wait: histogram("tr_chat_queue_wait_seconds", "How long requests waited for a slot"),
    firstEvent: histogram("tr_chat_first_event_seconds", "From the request to its first event"),
    duration: histogram("tr_chat_session_seconds", "From the request to its end"),
  };
}
