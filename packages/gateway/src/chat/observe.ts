import type { PoolEvents } from "@tr/pool";
import type { Logger } from "pino";
import type { ChatObserver } from "./chat-session.js";
import type { History } from "./history.js";
import type { ChatMetrics } from "./metrics.js";

export interface ChatWatch {
  readonly observer: ChatObserver;
  /** A line that a script has printed: it is logged with the session that it was printed for. */
  onLog(line: PoolEvents["log"][0]): void;
}

/** Writes what happens into the log and the metrics. What was asked and answered is in neither. */
export function observeChat(log: Logger, metrics: ChatMetrics, history: History): ChatWatch {
  const sessionOf = new Map<string, string>();
  const rounded = (ms: number) => Math.round(ms);
  return {
    observer: {
      onSlot({ id: session }, workerId, waitedMs) {
        sessionOf.set(workerId, session);
        metrics.wait.observe(waitedMs / 1000);
        log.info({ session, waitedMs: rounded(waitedMs) }, "the agent has begun");
      },
      onFirstEvent(_, afterMs) {
        metrics.firstEvent.observe(afterMs / 1000);
      },
      onSlotBack(_, workerId) {
        sessionOf.delete(workerId);
      },
      onUncleanStop({ id: session }, cause) {
        log.warn({ session, err: cause }, "the agent did not stop in order");
      },
      onEnd({ id: session, status, log: { lastId } }, lastedMs, cause) {
        metrics.ended.inc({ status });
        metrics.duration.observe(lastedMs / 1000);
        history.add(lastedMs, status === "error");
        const end = { session, status, events: lastId, lastedMs: rounded(lastedMs) };
        if (cause === undefined) log.info(end, `ended: ${status}`);
        else log.warn({ ...end, err: cause }, `ended: ${status}`);
      },
    },
    onLog({ worker, sessionId, stream, line }) {
      const session = sessionOf.get(sessionId);
      log.info({ ...(session !== undefined && { session }), worker, stream }, line);
    },
  };
}
