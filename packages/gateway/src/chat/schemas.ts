import { z } from "zod";

export const sessionId = z
  .string()
  .regex(/^[\w.:-]{1,128}$/, "expected 1 to 128 letters, digits, or any of _ . : -");

export const question = z.object({
  question: z.string().min(1),
  temperature: z.number().min(0).max(2).optional(),
  top_p: z.number().min(0).max(1).optional(),
  presence_penalty: z.number().min(-2).max(2).optional(),
  max_tokens: z.int().min(1).optional(),
  session_id: sessionId.optional(),
});

const timestamp = z.string().describe("ISO 8601, UTC");

export const event = z
  .looseObject({ type: z.string(), session_id: z.string(), timestamp })
  .describe("session_start, the agent's own, error, completed; queued while it waits");

export const answer = z.object({
  session_id: z.string(),
  question: z.string(),
  events: z.array(event),
  total_events: z.int(),
  timestamp,
});

export const sessionList = z.object({
  active_sessions: z.record(
    z.string(),
    z.object({
      question: z.string(),
      start_time: timestamp,
      status: z.enum(["queued", "processing", "completed", "client_disconnected", "error"]),
      end_time: timestamp.optional(),
    }),
  ),
  total: z.int(),
  timestamp,
});

/**
 * Lines of `id: <number>` and `data: <json>`, as browsers' EventSource reads them. OpenAPI 3.1 has no words for
 * a stream's items: some readers take a schema for that of the whole text, others for that of each event.
 */
export const eventStream = {
  description:
    "the events as they come, each with an id and its JSON as data; comments keep the connection open",
  content: { "text/event-stream": { schema: z.unknown() } },
};

/** The header Last-Event-ID; empty as if it were not there. */
export const resumeHeaders = z.object({
  "last-event-id": z
    .string()
    .regex(/^\d{0,15}$/, "expected the id of an event of this session")
    .optional(),
});
