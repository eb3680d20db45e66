import { parseWith } from "./parse-with.js";
import { heartbeatSchema } from "./schemas.js";

export interface Heartbeat {
  seq: number;
  /** Milliseconds since 1970, by the worker's clock. */
  timestampMs: number;
  phase: string;
  /** The request that is running. */
  id?: string;
  /** The memory that the process occupies now. A platform may not tell. */
  rssBytes?: number;
  /** How many requests it has finished. */
  calls?: number;
}

/** @throws TrError TR_PROTOCOL */
export function parseHeartbeat(content: Uint8Array | string): Heartbeat {
  const said = parseWith("heartbeat.json", heartbeatSchema, content);
  const { seq, timestamp, phase, id, rss_bytes: rssBytes, calls } = said;
  return {
    ...{ seq, timestampMs: timestamp, phase },
    ...(id != null && { id }),
    ...(rssBytes != null && { rssBytes }),
    ...(calls != null && { calls }),
  };
}
