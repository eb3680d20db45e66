import type { PoolOptions } from "@tr/pool";
import { invalidOption, longestTimerMs, wholeNumber } from "../check-option.js";
import type { JsonObject } from "./agent-config.js";
import type { ChatRouteOptions } from "./routes.js";

/** What may be said of the Python processes, as to a pool. */
export type AgentWorkerOptions = Pick<
  PoolOptions,
  "args" | "cwd" | "env" | "python" | "spawn" | "startTimeoutMs" | "transport" | "workspace"
>;

/** The agent and who may use it when. Times are milliseconds. */
export interface ChatOptions extends AgentWorkerOptions, Partial<ChatRouteOptions> {
  /** The Python script with the `@agent` class. */
  script: string;
  /** What `__init__` gets, with each request's own `generate_cfg`. Copied at once. Default: `{}`. */
  template?: JsonObject;
  /** How many requests run at once. Default: 3. */
  maxConcurrent?: number;
  /** How many may wait. Default: 1,000. */
  maxQueue?: number;
  /** How long one may wait. Default: 300,000. */
  acquireTimeoutMs?: number;
  /** `"process"`: a fresh process for each request, not only a fresh instance. Default: `"instance"`. */
  isolation?: "instance" | "process";
  /** How long workers are left alone that have crashed five times in three minutes. Default: 30,000. */
  reviveMs?: number;
}

export interface ResolvedChatOptions {
  readonly pool: PoolOptions;
  readonly template: JsonObject;
  readonly routes: ChatRouteOptions;
  readonly reviveMs: number;
}

/**
 * How long an agent may take to stop before its worker is killed: the slot of a client that has left is to
 * be free within a second.
 */
const cancelGraceMs = 700;

/** The options of the pool are checked there. @throws TrError `TR_INVALID_ARGUMENT`, naming the option. */
export function resolveChatOptions({
  template = {},
  maxConcurrent = 3,
  maxQueue = 1000,
  isolation = "instance",
  resumeGraceMs = 0,
  heartbeatMs = 15_000,
  stallMs = 20_000,
  reviveMs = 30_000,
  ...worker
}: ChatOptions): ResolvedChatOptions {
  if (isolation !== "instance" && isolation !== "process") {
    throw invalidOption("chat.isolation", '"instance" or "process"', JSON.stringify(isolation));
  }
  return {
    template,
    reviveMs: wholeNumber("chat.reviveMs", reviveMs, 1, longestTimerMs),
    routes: {
      resumeGraceMs: wholeNumber("chat.resumeGraceMs", resumeGraceMs, 0, longestTimerMs),
      heartbeatMs: wholeNumber("chat.heartbeatMs", heartbeatMs, 1, longestTimerMs),
      stallMs: wholeNumber("chat.stallMs", stallMs, 1, longestTimerMs),
    },
    pool: {
      ...worker,
      env: { TR_GATEWAY_TOKEN: undefined, ...worker.env }, // the agent has no use for it
      ...{ size: maxConcurrent, maxQueue, cancelGraceMs },
      ...(isolation === "process" && { recycle: { calls: 1 } }),
    },
  };
}
