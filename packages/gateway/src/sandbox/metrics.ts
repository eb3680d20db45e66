import { type Answer, codes } from "@tr/sandbox/server";
import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { SandboxCore } from "./core.js";

const seconds = [0.001, 0.005, 0.02, 0.1, 0.5, 1, 5, 30, 120, 300];
const knownCodes: ReadonlySet<number> = new Set(Object.values(codes));

export interface SandboxMetrics {
  /** A tool's call is over. */
  called(answer: Answer): void;
}

/** What is counted as it happens; the rest is read from the core when somebody asks. */
export function sandboxMetrics(registry: Registry, core: SandboxCore): SandboxMetrics {
  const registers = [registry];
  const calls = new Counter({
    ...{ name: "tr_sandbox_tool_calls_total", help: "Calls of tools that are over, by their code" },
    ...{ labelNames: ["tool", "code"], registers },
  });
  const lasted = new Histogram({
    ...{ name: "tr_sandbox_tool_seconds", help: "How long tools took, with what they waited for" },
    ...{ labelNames: ["tool"], buckets: seconds, registers },
  });
  new Gauge({
    ...{ name: "tr_sandbox_sessions", help: "Sessions by their status", labelNames: ["status"] },
    registers,
    collect() {
      this.reset();
      for (const { status } of core.snapshot().sessions) this.inc({ status });
    },
  });
  const ofBackEnds = { labelNames: ["backend"], registers };
  new Counter({
    ...{ name: "tr_sandbox_backend_restarts_total", help: "Back ends that have crashed" },
    ...ofBackEnds,
    collect() {
      this.reset();
      for (const { name, restarts } of core.snapshot().backEnds)
        this.inc({ backend: name }, restarts);
    },
  });
  new Counter({
    ...{ name: "tr_sandbox_warmups_total", help: "Warm-ups that went well, of new processes too" },
    ...ofBackEnds,
    collect() {
      this.reset();
      for (const { name, kind, warmups = 0 } of core.snapshot().backEnds) {
        if (kind === "resource") this.inc({ backend: name }, warmups);
      }
    },
  });
  new Gauge({
    ...{ name: "tr_sandbox_backend_warm", help: "1: the back end is warmed up" },
    ...ofBackEnds,
    collect() {
      this.reset();
      for (const { name, kind, warmedUp } of core.snapshot().backEnds) {
        if (kind === "resource") this.set({ backend: name }, warmedUp ? 1 : 0);
      }
    },
  });
  return {
    called({ code, meta }) {
      // Both are of few kinds, whatever clients ask for and tools answer.
      const isKnown = meta.tool !== null && core.toolSchema(meta.tool) !== undefined;
      const tool = isKnown ? (meta.tool ?? "") : "none";
      calls.inc({ tool, code: knownCodes.has(code) ? code : "other" });
      lasted.observe({ tool }, meta.execution_time_ms / 1000);
    },
  };
}
