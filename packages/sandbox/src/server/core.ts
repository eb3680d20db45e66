import { randomUUID } from "node:crypto";
import type { Answer, Meta } from "./answer.js";
import { codes } from "./answer.js";
import { failure, failureOf, type Reply } from "./answers.js";
import type { BackEnd, ToolHost } from "./back-end.js";
import type { WorkerBody } from "./bodies.js";
import type { Clock } from "./clock.js";
import type { SandboxLog } from "./log.js";
import type { SessionBook } from "./session-book.js";
import type { ToolRegistry } from "./tool-registry.js";

/** What the routes share. */
export interface Core {
  backEnds: ReadonlyMap<string, BackEnd>;
  /** The processes of stateless tools. */
  apis: readonly ToolHost[];
  book: SessionBook;
  tools: ToolRegistry;
  clock: Clock;
  log: SandboxLog;
  /** Where `init/from-config` may read. */
  folder: string;
  /** What is done to the strings of such a file; throws what is wrong with them. */
  substitute: ((config: Record<string, unknown>) => Record<string, unknown>) | undefined;
  /** Nothing new is begun any more, and how what there is will be ended. */
  ending: { force: boolean; cleanup_sessions: boolean } | undefined;
  /** Aborted, with the reason `"shutdown"`, when calls of stateless tools are to end. */
  stop: AbortController;
}

/** How long an answer waits for a cleanup before it says that it is still to come. */
export const cleanupWaitMs = 5000;

/** An answer that was found without running anything. */
export function answerOf(reply: Reply, meta: Partial<Meta> & { tool: string }): Answer {
  return { ...reply, meta: metaOf(meta) };
}

function metaOf(meta: Partial<Meta> & { tool: string }): Meta {
  return {
    execution_time_ms: 0,
    resource_type: null,
    session_id: null,
    trace_id: meta.trace_id ?? randomUUID(),
    ...meta,
  };
}

/** Runs a route and puts what it gives into an answer. What it throws is an answer too: 5013. */
export async function answering(
  { clock, log }: Core,
  { trace_id }: WorkerBody,
  meta: Partial<Meta> & { tool: string },
  route: (meta: Meta) => Reply | Promise<Reply>,
): Promise<Answer> {
  const begun = clock.now();
  const filled = metaOf({ ...meta, trace_id: trace_id || randomUUID() });
  let reply: Reply;
  try {
    reply = await route(filled);
  } catch (error) {
    log.error({ err: error, tool: meta.tool, trace_id: filled.trace_id }, "an answer failed");
    reply = failureOf(error);
  }
  filled.execution_time_ms = clock.now() - begun;
  return { ...reply, meta: filled };
}

export function backEndOf({ backEnds }: Core, type: string): { backEnd: BackEnd } | Reply {
  const backEnd = backEnds.get(type);
  if (backEnd) return { backEnd };
  const known = [...backEnds.keys()];
  const message = `there is no resource type ${JSON.stringify(type)}, only ${known.join(", ") || "stateless tools"}`;
  return failure(codes.badRequest, message, { resource_type: type, known });
}
