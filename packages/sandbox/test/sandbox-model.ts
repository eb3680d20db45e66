import { Agenda } from "./agenda.js";

// What the sandbox must do, once more, in the plainest way: no promises, no signals, one list of
// sessions, and a calendar. Nothing of the code under test is used here.

export const types = ["vm", "rag"] as const;
export const workers = ["w1", "w2"] as const;
export type Type = (typeof types)[number];
export type Step = "warmup" | "initialize" | "cleanup";
export const ttlMs = 1000;
const cancelGraceMs = 1000;
/** A session of `rag` has a process of its own, which is killed when a cancelled tool goes on for so long. */
const isIsolated = (type: Type) => type === "rag";
const killMs = 800;
const waitMs = 5000;

export interface Call {
  worker: string;
  type: Type;
  tool: "run" | "block";
  ms: number;
  raises: boolean;
  lingersMs: number;
  timeoutMs: number | undefined;
  goneAfterMs: number | undefined;
}

/** What an operation must give; `session` counts the model's sessions. */
export interface Expected {
  code: number;
  session?: number;
  temporary?: boolean;
  note?: boolean;
  count?: number;
}
type Reply = (expected: Expected) => void;
type Ending = "destroyed" | "disconnected" | "expired" | "temporary" | "shutdown";

interface Session {
  id: number;
  worker: string;
  type: Type;
  temporary: boolean;
  phase: "creating" | "open" | "closing" | "cleaning" | "over";
  ending?: Ending;
  /** With which code it could not be made. */
  failure?: number;
  last: number;
  running: Set<Running>;
  onCreated: { first: boolean; run: () => void }[];
  onOver: (() => void)[];
}

type Problem = "crash" | "raise";

interface Running {
  isStuck: boolean;
  ends(reason: Ending): void;
  crashes(): void;
}

export class SandboxModel {
  readonly agenda = new Agenda();
  readonly modes = Object.fromEntries(
    types.map((type) => [
      type,
      { warmup: quick(), initialize: quick(), cleanup: quick() } satisfies Record<Step, Mode>,
    ]),
  ) as Record<Type, Record<Step, Mode>>;
  initialized = 0;
  cleanups = 0;
  readonly #warm: Record<Type, boolean> = { vm: false, rag: false };
  readonly #warming: Partial<Record<Type, ((isWarm: boolean) => void)[]>> = {};
  readonly #underWay = new Set<{ type: Type; session: Session | undefined; crash: () => void }>();
  readonly #sessions: Session[] = [];
  readonly #ended: { session: Session; status: "expired" | "lost" }[] = [];
  #isClosing = false;

  create(worker: string, type: Type, reply: Reply): void {
    const existing = this.#of(worker, type);
    if (this.#isClosing) reply({ code: 5011 });
    else if (existing?.phase === "creating") {
      const run = () => {
        if (existing.phase === "open") reply({ code: 0, session: existing.id });
        else this.create(worker, type, reply);
      };
      existing.onCreated.push({ first: true, run });
    } else if (existing) reply({ code: 0, session: existing.id });
    else {
      const session = this.#make(worker, type, false);
      this.#whenCreated(session, () => {
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
      const session = this.#of(worker, type);
      if (session?.phase === "creating") {
        gone = () => answer({ code: 5000 });
        session.onCreated.push({ first: false, run: look });
        return;
      }
      gone = () => {};
      if (this.#isClosing) answer({ code: 5011 });
      else if (!session) temporary();
      else if (isStuck(session)) answer({ code: 5000, session: session.id });
      else gone = this.#run(session, call, (code) => answer({ code, session: session.id }));
    };
    const temporary = () => {
      const note = this.#recall(worker, type);
      const session = this.#make(worker, type, true);
      const say = (code: number) => answer({ code, session: session.id, temporary: true, note });
      gone = () => {
        say(5000);
        this.#end(session, "temporary");
      };
      this.#whenCreated(session, () => {
        if (isGone) return;
        gone = () => {};
        if (session.ending) say(session.ending === "shutdown" ? 5011 : 4007);
        else if (session.failure) say(session.failure);
        else {
          gone = this.#run(session, call, (code, isOver) => {
            this.#end(session, "temporary");
            if (isOver) this.#whenOver(session, () => say(code));
            else say(code);
          });
        }
      });
    };
    look();
  }

  destroy(worker: string, type: Type, reply: Reply): void {
    const session = this.#of(worker, type);
    if (!session) {
      this.#recall(worker, type);
      reply({ code: 4007 });
      return;
    }
    this.#end(session, "destroyed");
    this.#whenOver(session, () => reply({ code: 0, session: session.id }));
  }

  disconnect(worker: string, reply: Reply): void {
    const all = this.#sessions.filter(
      (session) => session.worker === worker && session.phase !== "over" && !session.ending,
    );
    for (const type of types) this.#recall(worker, type);
    let left = all.length;
    const done = () => {
      if (left === 0) reply({ code: 0, count: all.length });
    };
    for (const session of all) this.#end(session, "disconnected");
    for (const session of all) {
      this.#whenOver(session, () => {
        left -= 1;
        done();
      });
    }
    if (all.length === 0) done();
  }

  refresh(worker: string, type: Type | undefined, reply: Reply): void {
    const sessions = this.#sessions.filter(
      (session) =>
        this.#of(worker, session.type) === session && session.type === (type ?? session.type),
    );
    for (const session of sessions) this.#touch(session);
    const [session] = sessions;
    if (!type) reply({ code: 0, count: sessions.length });
    else if (session) reply({ code: 0, session: session.id });
    else {
      this.#recall(worker, type);
      reply({ code: 4007 });
    }
  }

  warmup(type: Type, reply: Reply): void {
    if (this.#isClosing) reply({ code: 1 });
    else this.#warmUp(type, (isWarm) => reply({ code: isWarm ? 0 : 1 }));
  }

  /** Of the process of all sessions, or of that of each. */
  crash(type: Type): void {
    const sessions = this.#sessions.filter((session) => session.type === type);
    if (isIsolated(type)) {
      for (const session of sessions) this.#die([session]);
      return;
    }
    this.#warm[type] = false;
    this.#die(sessions, (entry) => entry.type === type);
  }

  #die(sessions: Session[], alsoDies = (_: { type: Type }) => false): void {
    const calls = sessions.flatMap(({ running }) => [...running]);
    for (const session of sessions) {
      if (session.phase === "open") this.#remember(session, "lost");
      if (session.phase !== "creating") this.#over(session);
    }
    for (const step of [...this.#underWay]) {
      if (alsoDies(step) || (step.session && sessions.includes(step.session))) step.crash();
    }
    for (const call of calls) call.crashes();
  }

  /** Done when everything is over, or after the longest wait. */
  close(done: () => void): void {
    this.#isClosing = true;
    let left = this.#sessions.filter(({ phase }) => phase !== "over").length;
    if (left === 0) done();
    const forget = left === 0 ? () => {} : this.agenda.after(waitMs, done);
    for (const session of this.#sessions) {
      if (session.phase === "over") continue;
      session.onOver.push(() => {
        left -= 1;
        if (left > 0) return;
        forget();
        done();
      });
      this.#end(session, "shutdown");
    }
  }

  statuses(worker: string): string[] {
    const ended = this.#ended.filter(({ session }) => session.worker === worker);
    const living = this.#sessions.filter(
      (session) =>
        session.worker === worker &&
        session.phase !== "over" &&
        !ended.some((other) => other.session === session),
    );
    return [...living.map(statusOf), ...ended.map(({ status }) => status)].toSorted();
  }

  #of(worker: string, type: Type): Session | undefined {
    return this.#sessions.find(
      (session) =>
        session.worker === worker &&
        session.type === type &&
        !session.temporary &&
        !session.ending &&
        session.phase !== "over",
    );
  }

  #make(worker: string, type: Type, temporary: boolean): Session {
    const id = this.#sessions.length;
    const { now: last } = this.agenda;
    const lists = { running: new Set<Running>(), onCreated: [], onOver: [] };
    const session: Session = { id, worker, type, temporary, phase: "creating", last, ...lists };
    this.#sessions.push(session);
    if (!temporary) this.#recall(worker, type);
    const fail = (code: number) => {
      session.failure = code;
      this.#over(session);
      this.#created(session);
    };
    const initialized = (problem?: Problem) => {
      if (problem) {
        fail(problem === "crash" ? 5011 : 4007);
        return;
      }
      this.initialized += 1;
      if (session.ending) this.#cleanUp(session);
      else {
        session.phase = "open";
        this.#touch(session);
      }
      this.#created(session);
    };
    this.#warmUp(type, (isWarm) => {
      if (!isWarm) fail(5011);
      else if (session.ending) fail(4007);
      else this.#step(type, "initialize", initialized, session);
    });
    return session;
  }

  #whenCreated(session: Session, run: () => void): void {
    if (session.phase === "creating") session.onCreated.push({ first: true, run });
    else run();
  }

  /** Those who make a session learn of it before those who only want to use it. */
  #created(session: Session): void {
    const waiting = session.onCreated.splice(0);
    for (const { first, run } of waiting) if (first) run();
    for (const { first, run } of waiting) if (!first) run();
  }

  #warmUp(type: Type, done: (isWarm: boolean) => void): void {
    if (this.#warm[type]) {
      done(true);
      return;
    }
    const waiting = this.#warming[type] ?? [];
    waiting.push(done);
    if (this.#warming[type]) return;
    this.#warming[type] = waiting;
    this.#step(type, "warmup", (problem) => {
      delete this.#warming[type];
      this.#warm[type] = !problem;
      for (const each of waiting) each(!problem);
    });
  }

  #step(type: Type, step: Step, done: (problem?: Problem) => void, session?: Session): void {
    const { ms, raises } = this.modes[type][step];
    const entry = {
      type,
      session,
      crash: () => {
        this.#underWay.delete(entry);
        forget();
        done("crash");
      },
    };
    this.#underWay.add(entry);
    const forget = this.agenda.after(ms, () => {
      this.#underWay.delete(entry);
      done(raises ? "raise" : undefined);
    });
  }

  /** Gives what is to be called when the caller goes away. */
  #run(session: Session, call: Call, reply: (code: number, isOver: boolean) => void): () => void {
    let stopped: number | undefined;
    let hasAnswered = false;
    const answer = (code: number, isOver: boolean) => {
      if (hasAnswered) return;
      hasAnswered = true;
      reply(code, isOver);
    };
    const ended = () => {
      session.running.delete(running);
      this.#touch(session);
      if (session.phase === "closing" && session.running.size === 0) this.#cleanUp(session);
      answer(stopped ?? (call.raises ? 5005 : 0), true);
    };
    const stop = (code: number) => {
      if (stopped !== undefined || !session.running.has(running)) return;
      stopped = code;
      forgetTimeout();
      if (call.tool === "run") {
        forgetEnd();
        forgetEnd = this.agenda.after(call.lingersMs, ended);
      }
      if (!session.running.has(running)) return;
      if (isIsolated(call.type)) {
        this.agenda.after(killMs, () => {
          if (session.running.has(running)) this.#die([session]);
        });
        return;
      }
      this.agenda.after(call.tool === "run" ? cancelGraceMs : 0, () => {
        if (hasAnswered) return;
        running.isStuck = true;
        answer(code, false);
      });
    };
    const running: Running = {
      isStuck: false,
      ends: (reason) => {
        if (stopped !== undefined) return;
        const code = reason === "shutdown" ? 5011 : 4007;
        answer(code, false);
        stop(code);
      },
      crashes: () => {
        session.running.delete(running);
        forgetEnd();
        forgetTimeout();
        answer(stopped ?? 5011, true);
      },
    };
    session.running.add(running);
    this.#touch(session);
    let forgetTimeout = () => {};
    let forgetEnd = () => {};
    if (call.timeoutMs !== undefined) {
      forgetTimeout = this.agenda.after(call.timeoutMs, () => stop(5006));
    }
    forgetEnd = this.agenda.after(call.ms, () => {
      forgetTimeout();
      ended();
    });
    return () => stop(5000);
  }

  #touch(session: Session): void {
    session.last = this.agenda.now;
    if (session.temporary) return;
    this.agenda.after(ttlMs, () => {
      const isIdle = session.phase === "open" && session.running.size === 0;
      if (isIdle && session.last + ttlMs === this.agenda.now) this.#end(session, "expired");
    });
  }

  #end(session: Session, ending: Ending): void {
    if (session.phase === "over" || session.ending) return;
    session.ending = ending;
    if (session.phase === "creating") return;
    if (ending === "expired") this.#remember(session, "expired");
    session.phase = "closing";
    const calls = [...session.running];
    if (calls.length === 0) this.#cleanUp(session);
    for (const call of calls) call.ends(ending);
  }

  #cleanUp(session: Session): void {
    session.phase = "cleaning";
    this.cleanups += 1;
    this.#step(session.type, "cleanup", () => this.#over(session), session);
  }

  #over(session: Session): void {
    if (session.phase === "over") return;
    session.phase = "over";
    for (const run of session.onOver.splice(0)) run();
  }

  /** Waits no longer than an answer does. */
  #whenOver(session: Session, run: () => void): void {
    if (session.phase === "over") {
      run();
      return;
    }
    const once = () => {
      forget();
      session.onOver = session.onOver.filter((other) => other !== once);
      run();
    };
    const forget = this.agenda.after(waitMs, once);
    session.onOver.push(once);
  }

  #remember(session: Session, status: "expired" | "lost"): void {
    if (!session.temporary) this.#ended.push({ session, status });
  }

  #recall(worker: string, type: Type): boolean {
    const index = this.#ended.findIndex(
      ({ session }) => session.worker === worker && session.type === type,
    );
    if (index >= 0) this.#ended.splice(index, 1);
    return index >= 0;
  }
}

export interface Mode {
  ms: number;
  raises: boolean;
}

const quick = (): Mode => ({ ms: 0, raises: false });

const isStuck = ({ running }: Session) => [...running].some((call) => call.isStuck);

function statusOf(session: Session): string {
  if (session.phase === "open") return isStuck(session) ? "stuck" : "active";
  if (session.ending) return session.ending === "expired" ? "expired" : "destroying";
  return "creating";
}
