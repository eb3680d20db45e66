import type { FastifyReply } from "fastify";
import { z } from "zod";
import type { SendEventsOptions } from "../events/send-events.js";
import type { App } from "../http/app.js";
import { errorBody, HttpError } from "../http/errors.js";
import { answerEvents, eventId } from "../http/event-answer.js";
import { beginningOf, type ChatSession } from "./chat-session.js";
import type { ChatSessions, NewQuestion } from "./chat-sessions.js";
import { joinedAnswer } from "./joined-answer.js";
import { answer, eventStream, question, resumeHeaders, sessionId, sessionList } from "./schemas.js";

export interface ChatRouteOptions extends SendEventsOptions {
  /** How long a session goes on without a client, in ms. */
  readonly resumeGraceMs: number;
}

const refusals = { 400: errorBody, 401: errorBody, 403: errorBody };
const postRefusals = { ...refusals, 409: errorBody, 413: errorBody, 415: errorBody };

export function chatRoutes(app: App, sessions: ChatSessions, options: ChatRouteOptions): void {
  app.post(
    "/chat/stream",
    {
      schema: {
        summary: "Ask, and get the agent's events as they come",
        body: question,
        response: { 200: eventStream, 503: errorBody, ...postRefusals },
      },
    },
    async (request, reply) => {
      const session = begin(sessions, request.body);
      await relay(reply, session, 0, session.hold(), options);
    },
  );

  app.post(
    "/chat",
    {
      schema: {
        summary: "Ask, and get all events at once",
        body: question,
        response: { 200: answer, 500: errorBody, 503: errorBody, ...postRefusals },
      },
    },
    async (request, reply) => {
      const session = begin(sessions, request.body);
      const release = session.hold();
      reply.raw.once("close", () => release(0));
      const json = await joinedAnswer(session);
      const { failure, hadSlot } = session;
      if (failure !== undefined && !hadSlot) {
        throw new HttpError(503, failure.code, failure.content, { "retry-after": "5" });
      }
      return sendJson(reply, json);
    },
  );

  app.get(
    "/chat/stream/:session_id",
    {
      schema: {
        summary: "Read a session's events again from Last-Event-ID on, and go on with it",
        params: z.object({ session_id: sessionId }),
        headers: resumeHeaders,
        querystring: z.object({
          watch: z
            .enum(["true", "false"])
            .optional()
            .describe("true: only look on, which keeps no session alive whose client has gone"),
        }),
        response: {
          200: eventStream,
          204: z.null().describe("there are no more"),
          404: errorBody,
          410: errorBody,
          ...refusals,
        },
      },
    },
    async (request, reply) => {
      const session = sessions.find(request.params.session_id);
      if (session === undefined) {
        throw new HttpError(404, "NO_SUCH_SESSION", "there is no such session, or no longer");
      }
      const { log } = session;
      const lastId = request.headers["last-event-id"];
      const afterId = lastId ? eventId(lastId, log.lastId) : log.firstId - 1;
      if (afterId + 1 < log.firstId) {
        const message = `the events after ${afterId} are no longer kept: the oldest is ${log.firstId}`;
        throw new HttpError(410, "EVENTS_GONE", message);
      }
      // What browsers take as: do not connect again.
      if (log.isEnded && afterId === log.lastId) return reply.code(204).send(null);
      const release = request.query.watch === "true" ? () => {} : session.hold();
      await relay(reply, session, afterId, release, options);
    },
  );

  app.get(
    "/sessions",
    { schema: { summary: "All sessions", response: { 200: sessionList, ...refusals } } },
    () => {
      const all = sessions.all.map(({ id, question, startTime, status, endTime }) => [
        id,
        {
          ...{ question: beginningOf(question), start_time: startTime.toISOString(), status },
          ...(endTime && { end_time: endTime.toISOString() }),
        },
      ]);
      return {
        active_sessions: Object.fromEntries(all),
        total: all.length,
        timestamp: new Date().toISOString(),
      };
    },
  );
}

/** What is JSON already. */
function sendJson(reply: FastifyReply, json: Buffer): FastifyReply {
  return reply.type("application/json; charset=utf-8").send(json);
}

function begin(sessions: ChatSessions, asked: NewQuestion): ChatSession {
  const session = sessions.begin(asked);
  if (session !== undefined) return session;
  const message = `the session ${asked.session_id} has not ended yet: wait for it, or choose another session_id`;
  throw new HttpError(409, "SESSION_EXISTS", message);
}

/** Sends a session's events. When its last client has gone for `resumeGraceMs` it is stopped. */
async function relay(
  reply: FastifyReply,
  session: ChatSession,
  afterId: number,
  release: (graceMs: number) => void,
  { resumeGraceMs, ...sending }: ChatRouteOptions,
): Promise<void> {
  const reader = session.log.read(afterId);
  const how = await answerEvents(reply, reader, sending).finally(() => release(resumeGraceMs));
  reply.log.debug({ session: session.id, how }, "a client's event stream has ended");
}
