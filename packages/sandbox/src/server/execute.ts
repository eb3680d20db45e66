import { type Answer, codes, type Meta } from "./answer.js";
import { closingDown, failure, failureOf, type Reply } from "./answers.js";
import type { ToolAnswer } from "./back-end.js";
import type { Action, ExecuteBody } from "./bodies.js";
import { type CallOutcome, call, goneBy, type Stop } from "./call.js";
import { settlesWithin } from "./clock.js";
import { answering, type Core, cleanupWaitMs } from "./core.js";
import { creationFailure } from "./create.js";
import type { Session } from "./session.js";
import type { EndedSession } from "./session-book.js";
import type { Tool } from "./tool-registry.js";

/** `POST /api/v1/execute`. */
export function execute(core: Core, body: ExecuteBody, caller: AbortSignal): Promise<Answer> {
  return answering(core, body, { tool: body.action }, (meta) => {
    const resolved = core.tools.resolve(body.action);
    if ("candidates" in resolved) return unresolved(body.action, resolved.candidates);
    if (core.ending) return closingDown();
    const { tool } = resolved;
    meta.tool = tool.info.full_name;
    meta.resource_type = tool.info.resource_type;
    return tool.backEnd
      ? inSession(core, { ...tool, backEnd: tool.backEnd }, body, caller, meta)
      : stateless(core, tool, body, caller, meta);
  });
}

function unresolved(action: string, candidates: string[]): Reply {
  if (candidates.length === 0) {
    return failure(codes.badRequest, `there is no tool ${JSON.stringify(action)}`, { action });
  }
  const message = `more than one tool is called ${JSON.stringify(action)}: ${candidates.join(", ")}`;
  return failure(codes.badRequest, message, { action, candidates });
}

async function stateless(
  { clock, stop }: Core,
  tool: Tool,
  body: ExecuteBody,
  caller: AbortSignal,
  meta: Meta,
): Promise<Reply> {
  const context = { worker_id: body.worker_id, session_id: null, trace_id: meta.trace_id };
  const limits = { clock, timeoutMs: timeoutMsOf(body), caller, end: stop.signal };
  return replyOf(await call(tool, body.params ?? {}, context, limits), tool, body, meta);
}

type SessionTool = Tool & { backEnd: NonNullable<Tool["backEnd"]> };

async function inSession(
  core: Core,
  tool: SessionTool,
  body: ExecuteBody,
  caller: AbortSignal,
  meta: Meta,
): Promise<Reply> {
  const { worker_id } = body;
  const resource_type = tool.backEnd.name;
  const existing = await usable(core, worker_id, resource_type, caller);
  if (caller.aborted) return stoppedReply(goneBy(caller), body);
  if (core.ending) return closingDown();
  if (existing?.status === "stuck") return stuckReply(existing, meta);
  if (existing) return (await runIn(core, existing, tool, body, caller, meta)).reply;

  const ended = core.book.recall(worker_id, resource_type);
  if (ended) meta.note = noteOf(ended);
  const temporary = core.book.open(tool.backEnd, {
    worker_id,
    resource_type,
    config: {},
    temporary: true,
  });
  meta.temporary_session = true;
  meta.session_id = temporary.seed.session_id;
  await unlessGone(temporary.created, caller);
  if (caller.aborted) {
    temporary.end("temporary");
    return stoppedReply(goneBy(caller), body);
  }
  if (temporary.stop.signal.aborted) return stoppedReply(temporary.stop.signal.reason, body);
  if (temporary.failure) return creationFailure(temporary, temporary.failure);
  const { reply, isStuck } = await runIn(core, temporary, tool, body, caller, meta);
  temporary.end("temporary");
  if (!isStuck) await settlesWithin(core.clock, temporary.over, cleanupWaitMs);
  return reply;
}

/** The worker's own session, once it is made. */
async function usable(
  { book }: Core,
  workerId: string,
  type: string,
  caller: AbortSignal,
): Promise<Session | undefined> {
  for (;;) {
    const session = book.find(workerId, type);
    if (session?.state.phase !== "creating" || caller.aborted) return session;
    await unlessGone(session.created, caller);
  }
}

async function runIn(
  { clock }: Core,
  session: Session,
  tool: Tool,
  body: ExecuteBody,
  caller: AbortSignal,
  meta: Meta,
): Promise<{ reply: Reply; isStuck: boolean }> {
  const { session_id } = session.seed;
  meta.session_id = session_id;
  const context = { worker_id: body.worker_id, session_id, trace_id: meta.trace_id };
  const limits = { clock, timeoutMs: timeoutMsOf(body), caller, end: session.stop.signal };
  const running = session.begin();
  let isStuck = false;
  try {
    const outcome = await call(tool, body.params ?? {}, context, limits);
    if (outcome.kind === "stopped" && outcome.ended) {
      isStuck = true;
      running.stuck();
      void outcome.ended.then(running.ended);
    }
    return { reply: replyOf(outcome, tool, body, meta), isStuck };
  } finally {
    if (!isStuck) running.ended();
  }
}

const timeoutMsOf = ({ timeout }: Action) => (timeout ? timeout * 1000 : undefined);

function replyOf(outcome: CallOutcome, tool: Tool, body: ExecuteBody, meta: Meta): Reply {
  switch (outcome.kind) {
    case "answered":
      return toolReply(outcome.answer, meta);
    case "failed":
      return failureOf(outcome.error);
    case "stopped": {
      const reply = stoppedReply(outcome.stop, body);
      if (!outcome.ended || outcome.stop !== "timeout") return reply;
      const still = `${tool.info.full_name} could not be stopped and still runs`;
      return { ...reply, message: `${reply.message}; ${still}` };
    }
  }
}

/** A tool may add to `meta`, but what the server knows is the server's to say. */
function toolReply({ code, message, data, meta: own }: ToolAnswer, meta: Meta): Reply {
  for (const [key, value] of Object.entries(own)) meta[key] ??= value;
  return { code, message, data };
}

function stoppedReply(stop: Stop, { timeout }: Action): Reply {
  switch (stop) {
    case "timeout":
      return failure(codes.timeout, `timed out after ${timeout} s`, { timeout });
    case "gone":
      return failure(codes.executionError, "cancelled: the caller went away");
    case "shutdown":
      return closingDown();
    default:
      return failure(codes.noSession, "the session was destroyed during the call");
  }
}

function stuckReply({ seed }: Session, meta: Meta): Reply {
  meta.session_id = seed.session_id;
  const message = `the session ${seed.session_name} is stuck: a tool that timed out still runs in it and cannot be stopped; wait until it returns, or destroy the session`;
  return failure(codes.executionError, message, { session_status: "stuck" });
}

function noteOf({ session, status, at, reason }: EndedSession): string {
  const { session_name, session_id } = session.seed;
  const time = new Date(at).toISOString();
  const what = status === "expired" ? "expired" : "was lost with its process";
  return `the session ${session_name} (${session_id}) ${what} at ${time}: ${reason}`;
}

async function unlessGone(promise: Promise<unknown>, caller: AbortSignal): Promise<void> {
  if (caller.aborted) return;
  const { promise: gone, resolve } = Promise.withResolvers<void>();
  const leave = () => resolve();
  caller.addEventListener("abort", leave, { once: true });
  await Promise.race([promise, gone]);
  caller.removeEventListener("abort", leave);
}
