import { type Answer, codes } from "./answer.js";
import {
  closingDown,
  detailsOf,
  failedStatus,
  failure,
  failureOf,
  type Reply,
  success,
} from "./answers.js";
import type { CreateBody, TypeBody } from "./bodies.js";
import { answering, backEndOf, type Core } from "./core.js";
import type { Failure, Session } from "./session.js";

/** `POST /api/v1/session/create`. */
export function createSession(core: Core, body: CreateBody): Promise<Answer> {
  const { session_config, custom_name } = body;
  const asked = { config: session_config ?? {}, custom_name: custom_name ?? undefined };
  return answering(
    core,
    body,
    { tool: "session:create", resource_type: "session" },
    async (meta) => {
      const made = await sessionOf(core, body, asked);
      if (!("session" in made)) return made;
      const { session, existed } = made;
      meta.session_id = session.seed.session_id;
      if (!existed) return replyOf(session);
      const { session_id, session_name, resource_type } = session.seed;
      return success({ status: "exists", session_id, session_name, resource_type });
    },
  );
}

/** The worker's session of that type, made if there is none. */
export async function sessionOf(
  core: Core,
  { worker_id, resource_type }: TypeBody,
  asked: { config: object; custom_name?: string | undefined },
): Promise<{ session: Session; existed: boolean } | Reply> {
  const found = backEndOf(core, resource_type);
  if (!("backEnd" in found)) return found;
  for (;;) {
    if (core.ending) return closingDown();
    const existing = core.book.find(worker_id, resource_type);
    if (!existing) break;
    await existing.created;
    if (existing.state.phase === "open") return { session: existing, existed: true };
  }
  const { backEnd } = found;
  const session = core.book.open(backEnd, { worker_id, resource_type, ...asked, temporary: false });
  await session.created;
  return { session, existed: false };
}

export function replyOf(session: Session): Reply {
  const { session_id, session_name, resource_type } = session.seed;
  if (session.failure) return creationFailure(session, session.failure);
  if (session.state.phase !== "open") return endedMeanwhile();
  const session_status = "active";
  return success({ session_id, session_name, resource_type, session_status, error: null });
}

const endedMeanwhile = () =>
  failure(codes.noSession, "the session was destroyed while it was made");

export function creationFailure({ seed }: Session, { stage, error }: Failure): Reply {
  if (stage === "ended") return endedMeanwhile();
  const { session_name, resource_type } = seed;
  const details = detailsOf(error);
  const data = {
    session_id: null,
    session_name,
    resource_type,
    session_status: failedStatus,
    ...details,
  };
  const isRaised = stage === "initialize" && failureOf(error).code !== codes.notInitialized;
  const code = isRaised ? codes.noSession : codes.notInitialized;
  return failure(code, `${stage} of ${resource_type} failed: ${details.error}`, data);
}
