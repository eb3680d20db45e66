import { z } from "zod";
import { question, sessionId } from "../chat/schemas.js";
import { type Task, taskStates } from "./task.js";

export const taskQuestion = question.extend({
  session_id: sessionId.optional().describe("the task's id; a random one when it is not there"),
  idempotent: z
    .boolean()
    .default(false)
    .describe("true: it may be run again when the server ends in the middle"),
});

export const accepted = z.object({ task_id: z.string() });

export const taskParams = z.object({ task_id: sessionId });

const timestamp = z.string().describe("ISO 8601, UTC");

export const taskBody = z.object({
  task_id: z.string(),
  state: z.enum(taskStates),
  question: z.string(),
  idempotent: z.boolean(),
  attempts: z.int().describe("how often it was begun"),
  create_time: timestamp,
  start_time: timestamp.optional(),
  end_time: timestamp.optional(),
  total_events: z.int(),
  error: z.object({ code: z.string(), content: z.string() }).optional(),
});

export const taskQuery = z.object({
  state: z.enum(taskStates).optional(),
  limit: z.coerce.number().int().min(1).max(100).default(50),
  before: z.coerce.number().int().min(1).optional().describe("`next` of the page before"),
});

export const taskList = z.object({
  tasks: z.array(taskBody).describe("the newest first; of questions the beginning"),
  next: z.int().optional().describe("there are more: `before` of the next page"),
});

export function bodyOf(task: Task): z.infer<typeof taskBody> {
  const { createdMs, startedMs, endedMs, error } = task;
  const iso = (ms: number) => new Date(ms).toISOString();
  return {
    ...{ task_id: task.id, state: task.state, question: task.question },
    ...{ idempotent: task.idempotent, attempts: task.attempts, create_time: iso(createdMs) },
    ...(startedMs !== undefined && { start_time: iso(startedMs) }),
    ...(endedMs !== undefined && { end_time: iso(endedMs) }),
    total_events: task.events,
    ...(error && { error: { ...error } }),
  };
}
