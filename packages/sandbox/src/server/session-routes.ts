import { type Answer, codes } from "./answer.js";
import { failure, messageOf, type Reply, success } from "./answers.js";
import type { RefreshBody, TypeBody, WorkerBody } from "./bodies.js";
import { settlesWithin } from "./clock.js";
import { answering, type Core, cleanupWaitMs } from "./core.js";
import type { Session } from "./session.js";
import type { EndReason, Outcome } from "./session-state.js";

const ofSessions = (name: string) => ({ tool: `session:${name}`, resource_type: "session" });

/** `POST /api/v1/session/destroy`. */
export function destroySession(core: Core, body: TypeBody): Promise<Answer> {
  return answering(core, body, ofSessions("destroy"), async (meta) => {
    const session = core.book.find(body.worker_id, body.resource_type);
    if (!session) return noSession(core, body);
    const { session_id, session_name, resource_type } = session.seed;
    meta.session_id = session_id;
    const message = await endOf(core, session, "destroyed");
    return success({ message, session_id, session_name, resource_type });
  });
}

/** Ends a session, and says what became of it within `cleanupWaitMs`. */
async function endOf({ clock }: Core, session: Session, reason: EndReason): Promise<string> {
  session.end(reason);
  if (!(await settlesWithin(clock, session.over, cleanupWaitMs))) {
    return session.calls > 0
      ? "session destroyed; it is cleaned up when the tool that still runs in it has returned"
      : "session destroyed; its cleanup still runs";
  }
  return told[await session.over](session);
}

const told: Record<Outcome, (session: Session) => string> = {
  cleaned: ({ cleanupError }) =>
    cleanupError === undefined
      ? "session destroyed"
      : `session destroyed; its cleanup failed: ${messageOf(cleanupError)}`,
  failed: () => "session destroyed before it was initialized",
  lost: () => "session destroyed; its process died, so its cleanup was not run",
  abandoned: () => "session destroyed without cleanup",
};

function noSession({ book }: Core, { worker_id, resource_type }: TypeBody): Reply {
  const ended = book.recall(worker_id, resource_type);
  const why = ended
    ? `: it ${ended.status === "lost" ? "was lost" : "expired"}, ${ended.reason}`
    : "";
  return failure(codes.noSession, `no session of ${resource_type}${why}`, { resource_type });
}

/** `POST /api/v1/session/list`. */
export function listSessions(core: Core, body: WorkerBody): Promise<Answer> {
  const { worker_id } = body;
  return answering(core, body, ofSessions("list"), () => {
    const sessions = core.book.list(worker_id);
    return success({ worker_id, sessions, count: sessions.length });
  });
}

/** `POST /api/v1/session/refresh`. */
export function refreshSession(core: Core, body: RefreshBody): Promise<Answer> {
  const { worker_id, resource_type } = body;
  return answering(core, body, ofSessions("refresh"), (meta) => {
    if (!resource_type) return refreshAll(core, worker_id);
    const session = core.book.find(worker_id, resource_type);
    if (!session) return noSession(core, { worker_id, resource_type });
    session.touch();
    meta.session_id = session.seed.session_id;
    const { session_id, expires_at } = core.book.entry(session);
    return success({ message: "session refreshed", resource_type, session_id, expires_at });
  });
}

function refreshAll({ book }: Core, worker_id: string): Reply {
  const sessions = book.own(worker_id);
  for (const session of sessions) session.touch();
  const refreshed_count = sessions.length;
  const details = Object.fromEntries(
    sessions.map((session) => {
      const { resource_type, session_id, expires_at } = book.entry(session);
      return [resource_type, { status: "refreshed", session_id, expires_at }];
    }),
  );
  return success({ message: `${refreshed_count} refreshed`, worker_id, refreshed_count, details });
}

/** `POST /api/v1/worker/disconnect`: ends every session of the worker, temporary ones and their calls too. */
export function disconnect(core: Core, body: WorkerBody): Promise<Answer> {
  const { worker_id } = body;
  return answering(core, body, ofSessions("disconnect"), async () => {
    const sessions = core.book.ofWorker(worker_id).filter(isLasting);
    core.book.forget(worker_id);
    await Promise.all(sessions.map((session) => endOf(core, session, "disconnected")));
    return success({ worker_id, sessions_cleaned: sessions.length });
  });
}

const isLasting = ({ state }: Session) =>
  state.phase === "open" || (state.phase === "creating" && !state.end);

/** `POST /api/v1/lifecycle/heartbeat`. It keeps no session from expiring. */
export function heartbeat(core: Core, body: WorkerBody): Promise<Answer> {
  const { worker_id } = body;
  return answering(core, body, ofSessions("heartbeat"), () => {
    const active_sessions = core.book.own(worker_id).map(({ seed }) => seed.resource_type);
    const timestamp = new Date(core.clock.date()).toISOString();
    return success({ worker_id, active_sessions, timestamp });
  });
}

/** `POST /api/v1/lifecycle/status`. */
export function status(core: Core, body: WorkerBody): Promise<Answer> {
  const { worker_id } = body;
  return answering(core, body, ofSessions("status"), () => {
    const entries = core.book.own(worker_id).map((session) => core.book.entry(session));
    const sessions = Object.fromEntries(
      entries.map(({ resource_type, session_id, status, created_at, last_activity }) => [
        resource_type,
        { session_id, status, created_at, last_activity },
      ]),
    );
    const active_resources = Object.keys(sessions);
    return success({ worker_id, active_resources, sessions, tools_available: core.tools.size });
  });
}
