import { Counter, Gauge, type Registry } from "prom-client";
import type { EndState } from "./task.js";

/** @param count how many tasks there are of a state */
export function taskMetrics(
  registry: Registry,
  count: (state: "queued" | "running") => number,
): { ended(state: EndState): void } {
  const registers = [registry];
  new Gauge({
    ...{ name: "tr_tasks", help: "Tasks that wait or run", labelNames: ["state"], registers },
    collect() {
      for (const state of ["queued", "running"] as const) this.set({ state }, count(state));
    },
  });
  const help = "Tasks that have ended, by how, since the server was started";
  const ended = new Counter({ name: "tr_tasks_total", help, labelNames: ["state"], registers });
  return { ended: (state) => ended.inc({ state }) };
}
