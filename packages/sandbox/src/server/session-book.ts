import type { BackEnd } from "./back-end.js";
import type { Clock } from "./clock.js";
import type { SandboxLog } from "./log.js";
import { Session } from "./session.js";
import { nameSession } from "./session-names.js";
import type { SessionState, SessionStatus } from "./session-state.js";

export interface NewSession {
  worker_id: string;
  resource_type: string;
  config: object;
  custom_name?: string | undefined;
  /** Made for one call: it is nobody else's, and does not take the place of its worker and type. */
  temporary: boolean;
}

/** A session that ended without its owner's doing, kept until the owner has been told. */
export interface EndedSession {
  session: Session;
  status: "expired" | "lost";
  at: number;
  reason: string;
}

/** As `session/list` tells of it; times in ISO 8601. */
export interface SessionEntry {
  resource_type: string;
  session_id: string;
  session_name: string;
  status: SessionStatus;
  auto_created: boolean;
  created_at: string;
  last_activity: string;
  expires_at: string | null;
}

const mostEnded = 1000;
const keyOf = (workerId: string, type: string) => JSON.stringify([workerId, type]);
const isoTime = (ms: number) => new Date(ms).toISOString();

/** All sessions there are, and which of them belongs to a worker and a type of resource. */
export class SessionBook {
  readonly #parts: { clock: Clock; log: SandboxLog; ttlMs: number };
  readonly #sessions = new Set<Session>();
  readonly #places = new Map<string, Session>();
  readonly #ended = new Map<string, EndedSession>();
  #made = 0;

  constructor(parts: { clock: Clock; log: SandboxLog; ttlMs: number }) {
    this.#parts = parts;
  }

  get all(): readonly Session[] {
    return [...this.#sessions];
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** The session that calls of this worker to this type go to; never a temporary one, nor one that is ending. */
  find(workerId: string, resourceType: string): Session | undefined {
    return this.#places.get(keyOf(workerId, resourceType));
  }

  /** Begins to make one. Of a worker and a type there must be none, unless it is temporary. */
  open(backEnd: BackEnd, asked: NewSession): Session {
    const { worker_id, resource_type, config, custom_name, temporary } = asked;
    const created_at = isoTime(this.#parts.clock.date());
    const names = nameSession(worker_id, resource_type, ++this.#made, custom_name);
    const seed = { ...names, worker_id, resource_type, config, created_at, temporary };
    const changed = this.#changed.bind(this);
    const session = new Session(seed, backEnd, { ...this.#parts, changed });
    this.#sessions.add(session);
    if (!temporary) {
      const key = keyOf(worker_id, resource_type);
      this.#places.set(key, session);
      this.#ended.delete(key);
    }
    return session;
  }

  /** All of a worker, temporary ones and such as are ending too. */
  ofWorker(workerId: string): Session[] {
    return this.all.filter(({ seed }) => seed.worker_id === workerId);
  }

  /** Those that calls of a worker go to, one of a type at most. */
  own(workerId: string): Session[] {
    return [...this.#places.values()].filter(({ seed }) => seed.worker_id === workerId);
  }

  /** What became of the session of this worker and type, told once. */
  recall(workerId: string, resourceType: string): EndedSession | undefined {
    const key = keyOf(workerId, resourceType);
    const ended = this.#ended.get(key);
    this.#ended.delete(key);
    return ended;
  }

  forget(workerId: string): void {
    for (const [key, { session }] of this.#ended) {
      if (session.seed.worker_id === workerId) this.#ended.delete(key);
    }
  }

  /** Its process died. */
  lost(backEnd: BackEnd, sessionIds: "all" | readonly string[], reason: Error): void {
    for (const session of this.#sessions) {
      const isIt = sessionIds === "all" || sessionIds.includes(session.seed.session_id);
      if (session.backEnd !== backEnd || !isIt) continue;
      if (session.state.phase === "open") this.#remember(session, "lost", reason.message);
      session.lose();
    }
  }

  list(workerId: string): SessionEntry[] {
    const ended = [...this.#ended.values()];
    const remembered = new Set(ended.map(({ session }) => session));
    const living = this.ofWorker(workerId).filter((session) => !remembered.has(session));
    return [
      ...living.map((session) => this.entry(session)),
      ...ended
        .filter(({ session }) => session.seed.worker_id === workerId)
        .map(({ session, status, at }) => ({
          ...this.entry(session),
          status,
          expires_at: status === "expired" ? isoTime(at) : null,
        })),
    ];
  }

  entry(session: Session): SessionEntry {
    const { seed, status, msLeft } = session;
    const { resource_type, session_id, session_name, temporary, created_at } = seed;
    return {
      resource_type,
      session_id,
      session_name,
      status,
      auto_created: temporary,
      created_at,
      last_activity: isoTime(session.lastActivityAt),
      expires_at: msLeft === undefined ? null : isoTime(this.#parts.clock.date() + msLeft),
    };
  }

  #changed(session: Session, before: SessionState): void {
    const { state, seed } = session;
    const { session_id: id, worker_id, resource_type } = seed;
    const fields = { session: id, worker_id, resource_type };
    const ends = state.phase === "over" || "reason" in state || ("end" in state && state.end);
    if (ends) {
      const key = keyOf(worker_id, resource_type);
      if (this.#places.get(key) === session) this.#places.delete(key);
    }
    if (before.phase === "creating" && state.phase === "open") {
      this.#parts.log.debug({ ...fields, temporary: seed.temporary }, "session begun");
    }
    if (before.phase === "open" && "reason" in state) {
      if (state.reason === "expired") {
        this.#remember(session, "expired", `nothing was called for ${this.#parts.ttlMs / 1000} s`);
        this.#parts.log.info(fields, "session expired");
      } else this.#parts.log.debug({ ...fields, reason: state.reason }, "session ends");
    }
    if (state.phase !== "over") return;
    this.#sessions.delete(session);
    if (state.outcome === "lost") {
      this.#parts.log.warn(fields, "session lost with its process, its cleanup was not run");
    } else if (state.outcome !== "failed") {
      this.#parts.log.debug({ ...fields, outcome: state.outcome }, "session ended");
    }
  }

  #remember(session: Session, status: "expired" | "lost", reason: string): void {
    const { worker_id, resource_type, temporary } = session.seed;
    if (temporary) return;
    const at = this.#parts.clock.date();
    this.#ended.set(keyOf(worker_id, resource_type), { session, status, at, reason });
    const oldest = this.#ended.keys().next();
    if (this.#ended.size > mostEnded && !oldest.done) this.#ended.delete(oldest.value);
  }
}
