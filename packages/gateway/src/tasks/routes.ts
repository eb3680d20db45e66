import { z } from "zod";
import { beginningOf } from "../chat/chat-session.js";
import { eventStream, resumeHeaders } from "../chat/schemas.js";
import type { SendEventsOptions } from "../events/send-events.js";
import type { App } from "../http/app.js";
import { errorBody, HttpError } from "../http/errors.js";
import { answerEvents, eventId } from "../http/event-answer.js";
import {
  accepted,
  bodyOf,
  taskBody,
  taskList,
  taskParams,
  taskQuery,
  taskQuestion,
} from "./schemas.js";
import { hasEnded, type Task } from "./task.js";
import type { Tasks } from "./tasks.js";

/** 500: the database failed, as on a full disk. */
const refusals = { 400: errorBody, 401: errorBody, 403: errorBody, 500: errorBody };

export function taskRoutes(app: App, tasks: Tasks, sending: SendEventsOptions): void {
  app.post(
    "/tasks",
    {
      schema: {
        summary: "Ask, and come for the answer later",
        body: taskQuestion,
        response: {
          202: accepted,
          ...{ 409: errorBody, 413: errorBody, 415: errorBody, 503: errorBody },
          ...refusals,
        },
      },
    },
    async (request, reply) => {
      const task = tasks.submit(request.body);
      if (task === "exists") {
        const message = `there is a task ${request.body.session_id} already: look at it, or choose another session_id`;
        throw new HttpError(409, "TASK_EXISTS", message);
      }
      if (task === "full") {
        const message = "too many tasks wait already; try again later";
        throw new HttpError(503, "TOO_MANY_TASKS", message, { "retry-after": "5" });
      }
      return reply.code(202).send({ task_id: task.id });
    },
  );

  app.get(
    "/tasks",
    {
      schema: {
        summary: "All tasks, page by page",
        querystring: taskQuery,
        response: { 200: taskList, ...refusals },
      },
    },
    ({ query: { before = Number.MAX_SAFE_INTEGER, state, limit } }) => {
      const found = tasks.store.list(before, state, limit + 1);
      const page = found.slice(0, limit);
      return {
        tasks: page.map((task) => bodyOf({ ...task, question: beginningOf(task.question) })),
        ...(found.length > limit && { next: page.at(-1)?.seq }),
      };
    },
  );

  app.get(
    "/tasks/:task_id",
    {
      schema: {
        summary: "How a task is",
        params: taskParams,
        response: { 200: taskBody, 404: errorBody, ...refusals },
      },
    },
    ({ params }) => bodyOf(known(tasks, params.task_id)),
  );

  app.get(
    "/tasks/:task_id/events",
    {
      schema: {
        summary: "A task's events from Last-Event-ID or the first on, then as they come",
        params: taskParams,
        headers: resumeHeaders,
        response: {
          200: eventStream,
          204: z.null().describe("there are no more"),
          404: errorBody,
          ...refusals,
        },
      },
    },
    async (request, reply) => {
      const task = known(tasks, request.params.task_id);
      const afterId = eventId(request.headers["last-event-id"] || "0", task.events);
      // What browsers take as: do not connect again.
      if (hasEnded(task) && afterId === task.events) return reply.code(204).send(null);
      const how = await answerEvents(reply, tasks.read(task.seq, afterId), sending);
      reply.log.debug({ session: task.id, how }, "a client's event stream has ended");
    },
  );

  app.delete(
    "/tasks/:task_id",
    {
      schema: {
        summary: "Cancel a task that waits or runs; answered when it has stopped",
        params: taskParams,
        response: {
          200: taskBody,
          ...{ 404: errorBody, 409: errorBody, 503: errorBody },
          ...{ 413: errorBody, 415: errorBody }, // it needs no body, but some send one
          ...refusals,
        },
      },
    },
    async ({ params }) => {
      const task = await tasks.cancel(known(tasks, params.task_id));
      if (task?.state === "cancelled") return bodyOf(task);
      const message = `it cannot be cancelled: it is ${task?.state ?? "no longer kept"}`;
      throw new HttpError(409, "TASK_ENDED", message);
    },
  );
}

function known(tasks: Tasks, id: string): Task {
  const task = tasks.store.find(id);
  if (task !== undefined) return task;
  throw new HttpError(404, "NO_SUCH_TASK", "there is no such task, or no longer");
}
