import { aCount, aName, aNumber, aString, maybe, readFields } from "./read-fields.js";

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

const what = "heartbeat.json";

/** @throws TrError TR_PROTOCOL */
export function parseHeartbeat(content: Uint8Array | string): Heartbeat {
  const fields = readFields(what, content);
  const id = maybe(aName, what, "id", fields.id);
  const rssBytes = maybe(aCount, what, "rss_bytes", fields.rss_bytes);
  const calls = maybe(aCount, what, "calls", fields.calls);
  return {
    seq: aCount(what, "seq", fields.seq),
    timestampMs: aNumber(what, "timestamp", fields.timestamp),
    phase: aString(what, "phase", fields.phase),
    ...(id !== undefined && { id }),
    ...(rssBytes !== undefined && { rssBytes }),
    ...(calls !== undefined && { calls }),
  };
}
