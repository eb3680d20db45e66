import { parseWith } from "./parse-with.js";
import { heartbeatSchema } from "./schemas.js";

export interface Heartbeat {
  seq: number;
  /** Milliseconds since 1970, by the worker's clock. */
  timestampMs: number;
  phase: string;
  /** The request that is running. */
  id?: string;
}

/** @throws TrError TR_PROTOCOL */
export function parseHeartbeat(content: Uint8Array | string): Heartbeat {
  const { seq, timestamp, phase, id } = parseWith("heartbeat.json", heartbeatSchema, content);
  const heartbeat: Heartbeat = { seq, timestampMs: timestamp, phase };
  if (id != null) heartbeat.id = id;
  return heartbeat;
}
