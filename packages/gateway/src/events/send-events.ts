import type { ServerResponse } from "node:http";
import type { LoggedEvent } from "./event-log.js";

/** Where events are read from, one after the other. */
export interface EventSource {
  /** The next event, when it is there; `"lost"`: it is no longer kept; `undefined`: the signal came first. */
  next(signal: AbortSignal): Promise<LoggedEvent | "end" | "lost" | undefined>;
  close(): void;
}

export interface SendEventsOptions {
  /** How long nothing is said before a comment is, in ms: proxies close what is silent. */
  readonly heartbeatMs: number;
  /** How long a client may take to read the next 64 KiB, in ms; then it is dropped. */
  readonly stallMs: number;
}

/** How it ended: all was sent, the client has gone, it did not read, or what it had still to read was lost. */
export type SentEvents = "sent" | "left" | "stalled" | "lost";

/** How much of an event is handed to the socket at a time: no more waits there for a client that does not read. */
const chunkBytes = 2 ** 16;

/** Sends what a reader reads as an event stream, and closes the reader. The response is this function's alone from then on. */
export async function sendEvents(
  response: ServerResponse,
  reader: EventSource,
  { heartbeatMs, stallMs }: SendEventsOptions,
): Promise<SentEvents> {
  const left = new AbortController();
  const onClose = () => left.abort();
  response.once("close", onClose);
  response.on("error", onClose); // a client that has gone in the middle of a write
  if (response.destroyed) onClose();
  response.writeHead(200, {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache, no-transform",
    "x-accel-buffering": "no", // nginx would keep the events back
  });
  response.flushHeaders();
  const heartbeat = setInterval(() => {
    if (response.writableLength === 0) response.write(": still here\n\n");
  }, heartbeatMs);
  try {
    for (;;) {
      const event = await reader.next(left.signal);
      if (event === undefined) return "left";
      if (event === "end" || event === "lost") {
        response.end();
        return event === "end" ? "sent" : "lost";
      }
      const text = [Buffer.from(`id: ${event.id}\ndata: `), event.json, Buffer.from("\n\n")];
      if (!(await write(response, Buffer.concat(text), stallMs, left.signal))) {
        return left.signal.aborted ? "left" : "stalled";
      }
    }
  } finally {
    clearInterval(heartbeat);
    reader.close();
    response.off("close", onClose);
    if (!response.writableEnded) response.destroy();
  }
}

/** Whether all of it has gone to the system in time. */
async function write(
  response: ServerResponse,
  bytes: Buffer,
  stallMs: number,
  signal: AbortSignal,
): Promise<boolean> {
  for (let start = 0; start < bytes.length; start += chunkBytes) {
    if (!(await writeChunk(response, bytes.subarray(start, start + chunkBytes), stallMs, signal))) {
      return false;
    }
  }
  return true;
}

function writeChunk(
  response: ServerResponse,
  chunk: Buffer,
  stallMs: number,
  signal: AbortSignal,
): Promise<boolean> {
  return new Promise((resolve) => {
    const done = (isWritten: boolean) => {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      resolve(isWritten);
    };
    const onAbort = () => done(false);
    const timer = setTimeout(() => done(false), stallMs);
    if (signal.aborted) return done(false);
    signal.addEventListener("abort", onAbort, { once: true });
    response.write(chunk, (error) => done(!error));
  });
}
