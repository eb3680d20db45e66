import { Agenda } from "./agenda.js";
import {
  type Ending,
  isIsolated,
  type Mode,
  type Problem,
  type Running,
  type Session,
  type Step,
  type Type,
  ttlMs,
  types,
  waitMs,
} from "./model-types.js";

/** The sessions of the model, and the processes that they live in. */
export class ModelSessions {
  readonly agenda = new Agenda();
  readonly modes = Object.fromEntries(
    types.map((type) => [
      type,
      { warmup: quick(), initialize: quick(), cleanup: quick() } satisfies Record<Step, Mode>,
    ]),
  ) as Record<Type, Record<Step, Mode>>;
  readonly all: Session[] = [];
  readonly ended: { session: Session; status: "expired" | "lost" }[] = [];
  initialized = 0;
  cleanups = 0;
  readonly #warm: Record<Type, boolean> = { vm: false, rag: false };
  readonly #warming: Partial<Record<Type, ((isWarm: boolean) => void)[]>> = {};
  readonly #underWay = new Set<{ type: Type; session: Session | undefined; crash: () => void }>();

  of(worker: string, type: Type): Session | undefined {
    return this.all.find(
      (session) =>
        session.worker === worker &&
        session.type === type &&
        !session.temporary &&
        !session.ending &&
        session.phase !== "over",
    );
  }

  make(worker: string, type: Type, temporary: boolean): Session {
    const id = this.all.length;
    const { now: last } = this.agenda;
    const lists = { running: new Set<Running>(), onCreated: [], onOver: [] };
    const session: Session = { id, worker, type, temporary, phase: "creating", last, ...lists };
    this.all.push(session);
    if (!temporary) this.recall(worker, type);
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
      if (session.ending) this.cleanUp(session);
      else {
        session.phase = "open";
        this.touch(session);
      }
      this.#created(session);
    };
    this.warmUp(type, (isWarm) => {
      if (!isWarm) fail(5011);
      else if (session.ending) fail(4007);
      else this.#step(type, "initialize", initialized, session);
    });
    return session;
  }

  whenCreated(session: Session, run: () => void): void {
    if (session.phase === "creating") session.onCreated.push({ first: true, run });
    else run();
  }

  /** Those who make a session learn of it before those who only want to use it. */
  #created(session: Session): void {
    const waiting = session.onCreated.splice(0);
    for (const { first, run } of waiting) if (first) run();
    for (const { first, run } of waiting) if (!first) run();
  }

  warmUp(type: Type, done: (isWarm: boolean) => void): void {
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

  /** Of the process of all sessions, or of that of each. */
  crash(type: Type): void {
    const sessions = this.all.filter((session) => session.type === type);
    if (isIsolated(type)) {
      for (const session of sessions) this.die([session]);
      return;
    }
    this.#warm[type] = false;
    this.die(sessions, (entry) => entry.type === type);
  }

  die(sessions: Session[], alsoDies = (_: { type: Type }) => false): void {
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

  touch(session: Session): void {
    session.last = this.agenda.now;
    if (session.temporary) return;
    this.agenda.after(ttlMs, () => {
      const isIdle = session.phase === "open" && session.running.size === 0;
      if (isIdle && session.last + ttlMs === this.agenda.now) this.end(session, "expired");
    });
  }

  end(session: Session, ending: Ending): void {
    if (session.phase === "over" || session.ending) return;
    session.ending = ending;
    if (session.phase === "creating") return;
    if (ending === "expired") this.#remember(session, "expired");
    session.phase = "closing";
    const calls = [...session.running];
    if (calls.length === 0) this.cleanUp(session);
    for (const call of calls) call.ends(ending);
  }

  cleanUp(session: Session): void {
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
  whenOver(session: Session, run: () => void): void {
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
    if (!session.temporary) this.ended.push({ session, status });
  }

  recall(worker: string, type: Type): boolean {
    const index = this.ended.findIndex(
      ({ session }) => session.worker === worker && session.type === type,
    );
    if (index >= 0) this.ended.splice(index, 1);
    return index >= 0;
  }
}

const quick = (): Mode => ({ ms: 0, raises: false });
