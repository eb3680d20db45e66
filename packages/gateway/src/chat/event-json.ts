import { maxLogBytes } from "../events/event-log.js";

/** Those are the gateway's own to say. */
const ownTypes = new Set(["queued", "session_start", "completed"]);

/** Whether it is an event of the wait for a slot. */
export function isOfQueue(json: Buffer): boolean {
  return json.subarray(0, queued.length).equals(queued);
}

const queued = Buffer.from('{"type":"queued"');

/** What the agent has given as an event is none that can be sent. */
export class EventError extends Error {
  override readonly name = "EventError";
}

/**
 * The JSON text of an event. What JSON does not have is written as Python's users know it: whole numbers
 * beyond 2^53 with all digits, maps as objects, sets and tensors' data as arrays.
 *
 * @throws EventError when it is larger than a session's log
 */
export function eventJson(event: Readonly<Record<string, unknown>>): Buffer {
  const json = Buffer.from(JSON.stringify(event, replacer));
  if (json.length <= maxLogBytes) return json;
  throw new EventError(
    `an event of the type ${JSON.stringify(event.type)} has ${json.length} bytes: expected at most ${maxLogBytes}; send the content in parts, or where it can be fetched`,
  );
}

/** @throws EventError */
export function agentEvent(item: unknown): Record<string, unknown> {
  // The Python side has looked at it; this is for scripts that stream by other means.
  const type = (item as { type?: unknown } | null)?.type;
  if (typeof item !== "object" || typeof type !== "string") {
    throw new EventError('expected an event, an object with a string under "type"');
  }
  if (ownTypes.has(type)) {
    throw new EventError(
      `the type "${type}" is the gateway's own: it says ${[...ownTypes].join(", ")} by itself; choose another`,
    );
  }
  return item as Record<string, unknown>;
}

// Newer than TypeScript's library: https://github.com/tc39/proposal-json-parse-with-source
const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown };

function replacer(_: string, value: unknown): unknown {
  if (typeof value === "bigint") return rawJSON(String(value));
  if (value instanceof Map) return Object.fromEntries(value);
  if (value instanceof Set) return [...value];
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
    return Array.from(value as Uint8Array);
  }
  return value;
}
