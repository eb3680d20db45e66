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

/** The header Last-Event-ID. @throws HttpError 400 for what is none of the ids up to `lastId` */
export function eventId(text: string, lastId: number): number {
  const id = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (id <= lastId) return id;
  const message = `Last-Event-ID: expected the id of an event of this session, found ${JSON.stringify(text.slice(0, 80))}`;
  throw new HttpError(400, "INVALID_REQUEST", message);
}
