import { detailsOf } from "./answers.js";
import type { BackEnd } from "./back-end.js";
import type { WarmupBody } from "./bodies.js";
import type { Core } from "./core.js";

export interface WarmupSummary {
  total: number;
  warmed_up: number;
  pending: number;
}

export interface WarmupResult {
  status: "success" | "partial_error";
  results: Record<string, boolean>;
  summary: WarmupSummary;
  errors?: Record<string, string>;
}

export interface WarmupStatus {
  backends: Record<string, { loaded: boolean; warmed_up: boolean }>;
  summary: WarmupSummary;
}

/** `POST /api/v1/warmup`: all at once; one that fails holds up no other. */
export async function warmup(core: Core, { backends }: WarmupBody): Promise<WarmupResult> {
  const names = backends ?? [...core.backEnds.keys()];
  const problems = await Promise.all(names.map((name) => problemOf(core, core.backEnds.get(name))));
  const entries = names.map((name, index) => ({ name, problem: problems[index] }));
  const failed = entries.filter(({ problem }) => problem !== undefined);
  const errors = Object.fromEntries(failed.map(({ name, problem }) => [name, problem ?? ""]));
  return {
    status: failed.length === 0 ? "success" : "partial_error",
    results: Object.fromEntries(entries.map(({ name, problem }) => [name, problem === undefined])),
    summary: summary(core),
    ...(failed.length === 0 ? {} : { errors }),
  };
}

async function problemOf(core: Core, backEnd: BackEnd | undefined): Promise<string | undefined> {
  if (!backEnd) return `no back end of that name, only ${[...core.backEnds.keys()].join(", ")}`;
  if (core.ending) return "the server is shutting down";
  try {
    await backEnd.warmup();
    return undefined;
  } catch (error) {
    core.log.error({ backend: backEnd.name, err: error }, "warm-up failed");
    return detailsOf(error).error;
  }
}

/** `GET /api/v1/warmup/status`. */
export function warmupStatus(core: Core): WarmupStatus {
  const entries = [...core.backEnds].map(([name, { state }]) => {
    return [name, { loaded: state.loaded, warmed_up: state.warmedUp }] as const;
  });
  return { backends: Object.fromEntries(entries), summary: summary(core) };
}

function summary({ backEnds }: Core): WarmupSummary {
  const total = backEnds.size;
  const warmed_up = [...backEnds.values()].filter(({ state }) => state.warmedUp).length;
  return { total, warmed_up, pending: total - warmed_up };
}
