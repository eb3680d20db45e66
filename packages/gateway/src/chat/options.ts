import type { PoolOptions } from "@tr/pool";
import type { JsonObject } from "./agent-config.js";
import type { ChatRouteOptions } from "./routes.js";

/** What may be said of the Python processes, as to a pool. */
export type AgentWorkerOptions = Pick<
  PoolOptions,
  "args" | "cwd" | "env" | "python" | "startTimeoutMs" | "transport" | "workspace"
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
}

export interface ResolvedChatOptions {
  readonly pool: PoolOptions;
  readonly template: JsonObject;
  readonly routes: ChatRouteOptions;
}

/**
 * How long an agent may take to stop before its worker is killed: the slot of a client that has left is to
 * be free within a second.
 */
const cancelGraceMs = 700;

/** The options of the pool are checked there. */
export function resolveChatOptions(options: ChatOptions): ResolvedChatOptions {
  const { template = {}, maxConcurrent = 3, isolation = "instance", ...others } = options;
  const { maxQueue = 1000, resumeGraceMs = 0, heartbeatMs = 15_000, stallMs = 20_000 } = others;
  const { resumeGraceMs: _, heartbeatMs: _1, stallMs: _2, ...pool } = others;
  return {
    template,
    routes: { resumeGraceMs, heartbeatMs, stallMs },
    pool: {
      ...pool,
      ...{ size: maxConcurrent, maxQueue, cancelGraceMs },
      ...(isolation === "process" && { recycle: { calls: 1 } }),
    },
  };
}
