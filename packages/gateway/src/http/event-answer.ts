import type { FastifyReply } from "fastify";
import {
  type EventSource,
  type SendEventsOptions,
  type SentEvents,
  sendEvents,
} from "../events/send-events.js";
import { HttpError } from "./errors.js";

/** Answers with a stream of events, and closes the source. */
export async function answerEvents(
  reply: FastifyReply,
  source: EventSource,
  options: SendEventsOptions,
): Promise<SentEvents> {
  reply.hijack();
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (value !== undefined) reply.raw.setHeader(name, value);
  }
  return sendEvents(reply.raw, source, options);
}

/** The id that the header Last-Event-ID holds. @throws HttpError 400 for one that comes after `lastId` */
export function eventId(text: string, lastId: number): number {
  if (Number(text) <= lastId) return Number(text);
  const message = `last-event-id: expected the id of an event of this session, up to ${lastId}, found ${text}`;
  throw new HttpError(400, "INVALID_REQUEST", message);
}
