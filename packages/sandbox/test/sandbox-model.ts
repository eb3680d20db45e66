import { runCall } from "./model-call.js";
import { ModelSessions } from "./model-sessions.js";
import {
  type Call,
  isStuck,
  type Reply,
  type Session,
  type Type,
  types,
  waitMs,
} from "./model-types.js";

/**
 * What the sandbox must do, once more, in the plainest way: no promises, no signals, one list of sessions,
 * and a calendar.
 */
export class SandboxModel {
  readonly sessions = new ModelSessions();
  readonly agenda = this.sessions.agenda;
  #isClosing = false;

  create(worker: string, type: Type, reply: Reply): void {
    const existing = this.sessions.of(worker, type);
    if (this.#isClosing) reply({ code: 5011 });
    else if (existing?.phase === "creating") {
      const run = () => {
        if (existing.phase === "open") reply({ code: 0, session: existing.id });
        else this.create(worker, type, reply);
      };
      existing.onCreated.push({ first: true, run });
    } else if (existing) reply({ code: 0, session: existing.id });
    else {
      const session = this.sessions.make(worker, type, false);
      this.sessions.whenCreated(session, () => {
        if (session.failure) reply({ code: session.failure });
        else if (session.ending) reply({ code: 4007 });
        else reply({ code: 0, session: session.id });
      });
    }
  }

  execute(call: Call, reply: Reply): void {
    const { worker, type } = call;
    let gone: () => void = () => {};
    let isGone = false;
    const answer: Reply = (expected) => {
      gone = () => {};
      reply(expected);
    };
    if (call.goneAfterMs !== undefined) {
      this.agenda.after(call.goneAfterMs, () => {
        isGone = true;
        gone();
      });
    }
    const look = () => {
      if (isGone) return;
      const session = this.sessions.of(worker, type);
      if (session?.phase === "creating") {
        gone = () => answer({ code: 5000 });
        session.onCreated.push({ first: false, run: look });
        return;
      }
      gone = () => {};
      if (this.#isClosing) answer({ code: 5011 });
      else if (!session) temporary();
      else if (isStuck(session)) answer({ code: 5000, session: session.id });
      else
        gone = runCall(this.sessions, session, call, (code) =>
          answer({ code, session: session.id }),
        );
    };
    const temporary = () => {
      const note = this.sessions.recall(worker, type);
      const session = this.sessions.make(worker, type, true);
      const say = (code: number) => answer({ code, session: session.id, temporary: true, note });
      gone = () => {
        say(5000);
        this.sessions.end(session, "temporary");
      };
      this.sessions.whenCreated(session, () => {
        if (isGone) return;
        gone = () => {};
        if (session.ending) say(session.ending === "shutdown" ? 5011 : 4007);
        else if (session.failure) say(session.failure);
        else {
          gone = runCall(this.sessions, session, call, (code, isOver) => {
            this.sessions.end(session, "temporary");
            if (isOver) this.sessions.whenOver(session, () => say(code));
            else say(code);
          });
        }
      });
    };
    look();
  }

  destroy(worker: string, type: Type, reply: Reply): void {
    const session = this.sessions.of(worker, type);
    if (!session) {
      this.sessions.recall(worker, type);
      reply({ code: 4007 });
      return;
    }
    this.sessions.end(session, "destroyed");
    this.sessions.whenOver(session, () => reply({ code: 0, session: session.id }));
  }

  disconnect(worker: string, reply: Reply): void {
    const all = this.sessions.all.filter(
      (session) => session.worker === worker && session.phase !== "over" && !session.ending,
    );
    for (const type of types) this.sessions.recall(worker, type);
    let left = all.length;
    const done = () => {
      if (left === 0) reply({ code: 0, count: all.length });
    };
    for (const session of all) this.sessions.end(session, "disconnected");
    for (const session of all) {
      this.sessions.whenOver(session, () => {
        left -= 1;
        done();
      });
    }
    if (all.length === 0) done();
  }

  refresh(worker: string, type: Type | undefined, reply: Reply): void {
    const sessions = this.sessions.all.filter(
      (session) =>
        this.sessions.of(worker, session.type) === session &&
        session.type === (type ?? session.type),
    );
    for (const session of sessions) this.sessions.touch(session);
    const [session] = sessions;
    if (!type) reply({ code: 0, count: sessions.length });
    else if (session) reply({ code: 0, session: session.id });
    else {
      this.sessions.recall(worker, type);
      reply({ code: 4007 });
    }
  }

  warmup(type: Type, reply: Reply): void {
    if (this.#isClosing) reply({ code: 1 });
    else this.sessions.warmUp(type, (isWarm) => reply({ code: isWarm ? 0 : 1 }));
  }

  crash(type: Type): void {
    this.sessions.crash(type);
  }

  /** Done when everything is over, or after the longest wait. */
  close(done: () => void): void {
    this.#isClosing = true;
    let left = this.sessions.all.filter(({ phase }) => phase !== "over").length;
    if (left === 0) done();
    const forget = left === 0 ? () => {} : this.agenda.after(waitMs, done);
    for (const session of this.sessions.all) {
      if (session.phase === "over") continue;
      session.onOver.push(() => {
        left -= 1;
        if (left > 0) return;
        forget();
        done();
      });
      this.sessions.end(session, "shutdown");
    }
  }

  statuses(worker: string): string[] {
    const ended = this.sessions.ended.filter(({ session }) => session.worker === worker);
    const living = this.sessions.all.filter(
      (session) =>
        session.worker === worker &&
        session.phase !== "over" &&
        !ended.some((other) => other.session === session),
    );
    return [...living.map(statusOf), ...ended.map(({ status }) => status)].toSorted();
  }
}

function statusOf(session: Session): string {
  if (session.phase === "open") return isStuck(session) ? "stuck" : "active";
  if (session.ending) return session.ending === "expired" ? "expired" : "destroying";
  return "creating";
}
