import { Pool, type PoolStats } from "@tr/pool";
import type { SendEventsOptions } from "../events/send-events.js";
import type { GatewayContext, GatewayModule } from "../gateway-module.js";
import type { App } from "../http/app.js";
import { frozenCopy } from "./agent-config.js";
import type { ChatSession } from "./chat-session.js";
import { ChatSessions } from "./chat-sessions.js";
import { chatHealth } from "./health.js";
import { History } from "./history.js";
import { chatMetrics } from "./metrics.js";
import { observeChat } from "./observe.js";
import { type ChatOptions, resolveChatOptions } from "./options.js";
import { chatRoutes } from "./routes.js";

/** How the chat is, for who shows it. */
export interface ChatOverview {
  readonly stats: PoolStats;
  /** Why it could serve no request now. */
  readonly trouble: string | undefined;
  /** Oldest first. */
  readonly sessions: readonly ChatSession[];
  readonly history: History;
}

/** The chat, and its sessions for other modules that show or use them. */
export interface ChatModule extends GatewayModule {
  readonly sessions: ChatSessions;
  /** How many run at once. */
  readonly slots: number;
  /** How its event streams are sent. */
  readonly sending: SendEventsOptions;
  overview(): ChatOverview;
}

/** The chat routes, over a pool of workers that each run one agent at a time. @throws TrError `TR_INVALID_ARGUMENT`. */
export function createChat(options: ChatOptions, { log, metrics }: GatewayContext): ChatModule {
  const { pool: poolOptions, template, routes, reviveMs } = resolveChatOptions(options);
  const pool = new Pool(poolOptions);
  const history = new History();
  const measure = chatMetrics(metrics, pool);
  const { observer, onLog } = observeChat(log, measure, history);
  const sessions = new ChatSessions(pool, frozenCopy(template), observer);
  const health = chatHealth(pool, sessions);
  let revival: NodeJS.Timeout | undefined;
  pool.on("log", onLog);
  pool.on("crash", ({ worker, error, delayMs }) => {
    measure.restarts.inc();
    log.warn({ worker, err: error }, "a Python worker has ended unexpectedly");
    if (delayMs !== undefined || revival !== undefined) return;
    log.error({ worker }, `it has crashed too often: tried again in ${reviveMs / 1000} s`);
    revival = setTimeout(() => {
      revival = undefined;
      pool.revive();
    }, reviveMs).unref();
  });
  return {
    sessions,
    slots: pool.stats().size,
    sending: routes,
    overview: () => ({
      stats: pool.stats(),
      trouble: health().trouble,
      sessions: sessions.all,
      history,
    }),
    register: (app: App) => chatRoutes(app, sessions, routes),
    health,
    ready: (signal) => pool.ready({ signal }),
    drain: (deadline) => sessions.drain(deadline),
    async close() {
      clearTimeout(revival);
      await pool.close({ drainMs: 0 });
    },
  };
}
