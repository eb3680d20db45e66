import { TrError } from "@tr/protocol/errors";
import type {
  BackEnd,
  BackEndState,
  CallContext,
  CallOptions,
  Params,
  Running,
  SessionSeed,
  ToolHost,
  ToolInfo,
} from "../src/server/back-end.js";
import type { Clock } from "../src/server/clock.js";
import type { Isolation } from "../src/server/options.js";
import { crashed, runFake } from "./fake-call.js";

/** How a `warmup`, `initialize` or `cleanup` goes. */
export interface Plan {
  ms?: number;
  raises?: boolean;
}

const toolInfo = (
  resource_type: string | null,
  name: string,
  more: Partial<ToolInfo>,
): ToolInfo => ({
  name,
  full_name: resource_type === null ? name : `${resource_type}:${name}`,
  resource_type,
  stateless: resource_type === null,
  description: `${name} of ${resource_type}`,
  parameters: { type: "object", properties: {} },
  hidden: false,
  is_async: true,
  ...more,
});

const raised = (what: string) =>
  new TrError("TR_PYTHON_ERROR", `RuntimeError: ${what}`, {
    pythonType: "RuntimeError",
    pythonMessage: what,
    pythonTraceback: `Traceback of ${what}`,
  });

/** An imaginary process; a crash replaces it by a new one. */
class Process {
  readonly sessions = new Map<string, { seed: SessionSeed; calls: number; isCleaning: boolean }>();
  readonly #died = Promise.withResolvers<void>();
  warm: Promise<void> | undefined;
  isWarm = false;
  isDead = false;

  get died(): Promise<void> {
    return this.#died.promise;
  }

  die(): void {
    this.isDead = true;
    this.#died.resolve();
  }

  async until(promise: Promise<void>): Promise<void> {
    await Promise.race([promise, this.#died.promise]);
  }
}

const wait = (clock: Clock, ms: number) =>
  new Promise<void>((resolve) => clock.setTimeout(resolve, ms));

/**
 * A back end without Python, on a clock of the test's, that keeps a log of what was done to it and of
 * what must never be done.
 */
export class FakeBackEnd implements BackEnd {
  readonly name: string;
  readonly isolation: Isolation;
  readonly tools: readonly ToolInfo[];
  readonly log: string[] = [];
  readonly violations: string[] = [];
  /** How the next ones go, taken one by one. */
  readonly plans: Record<"warmup" | "initialize" | "cleanup", Plan[]> = {
    warmup: [],
    initialize: [],
    cleanup: [],
  };
  /** How those without a plan go. */
  readonly modes: Record<"warmup" | "initialize" | "cleanup", Plan> = {
    warmup: {},
    initialize: {},
    cleanup: {},
  };
  /** By session: `initialize`s that succeeded and `cleanup`s that were begun. */
  readonly counts = new Map<string, { initialized: number; cleaned: number; process: Process }>();
  restarts = 0;
  warmups = 0;
  isClosed = false;
  /** Set by a test: it cannot be started any more. */
  failure: string | undefined;
  readonly seeds: SessionSeed[] = [];
  readonly #clock: Clock;
  /** Of all sessions, or the spare one. */
  #process = new Process();
  /** By session, with `isolation: "session"`. */
  readonly #own = new Map<string, Process>();
  #tellLost: (ids: "all" | readonly string[], reason: Error) => void = () => {};

  constructor(name: string, clock: Clock, isolation: Isolation = "shared") {
    this.name = name;
    this.isolation = isolation;
    this.#clock = clock;
    this.tools = [
      toolInfo(name, "run", {}),
      toolInfo(name, "block", { is_async: false }),
      toolInfo(name, `only_${name}`, {}),
      toolInfo(name, "secret", { hidden: true }),
    ];
  }

  get state(): BackEndState {
    const { restarts, warmups } = this;
    if (this.failure !== undefined) {
      const error = this.failure;
      return { phase: "failed", loaded: false, warmedUp: false, warmups, restarts, error };
    }
    const phase = this.isClosed ? "closed" : "ready";
    return { phase, loaded: true, warmedUp: this.#process.isWarm, warmups, restarts };
  }

  /** Sessions that a living process holds. */
  get open(): string[] {
    return this.#processes.flatMap(({ sessions }) => [...sessions.keys()]);
  }

  async load(): Promise<void> {
    this.log.push("load");
  }

  onLost(listener: (ids: "all" | readonly string[], reason: Error) => void): void {
    this.#tellLost = listener;
  }

  get #processes(): Process[] {
    return [this.#process, ...this.#own.values()];
  }

  /** The process of all sessions dies, or that of each. */
  crash(): void {
    this.log.push("crash");
    this.restarts += 1;
    if (this.isolation === "session") {
      for (const id of [...this.#own.keys()]) this.#kill(id);
      return;
    }
    const dead = this.#process;
    this.#process = new Process();
    this.#tellLost("all", crashed());
    dead.die();
  }

  #kill(id: string): void {
    const dead = this.#own.get(id);
    this.#own.delete(id);
    this.#tellLost([id], crashed());
    dead?.die();
  }

  warmup(): Promise<void> {
    const process = this.#process;
    process.warm ??= this.#step("warmup", "", process).then(
      () => {
        this.warmups += 1;
        process.isWarm = true;
      },
      (error: unknown) => {
        process.warm = undefined;
        throw error;
      },
    );
    return process.warm;
  }

  async initialize(seed: SessionSeed): Promise<void> {
    const { session_id, resource_type } = seed;
    const process = this.#processFor(session_id);
    if (resource_type !== this.name) this.violations.push(`${session_id} is of another type`);
    if (!this.#process.isWarm)
      this.violations.push(`${session_id} is initialized before the warm-up`);
    this.seeds.push(seed);
    try {
      await this.#step("initialize", session_id, process);
    } catch (error) {
      this.#own.delete(session_id);
      throw error;
    }
    if (this.counts.has(session_id)) this.violations.push(`${session_id} is initialized twice`);
    this.counts.set(session_id, { initialized: 1, cleaned: 0, process });
    process.sessions.set(session_id, { seed, calls: 0, isCleaning: false });
  }

  #processFor(id: string): Process {
    if (this.isolation === "shared") return this.#process;
    const process = new Process();
    this.#own.set(id, process);
    return process;
  }

  execute(
    fullName: string,
    params: Params,
    context: CallContext,
    { signal }: CallOptions,
  ): Running {
    const { session_id: id, worker_id } = context;
    const process = this.#own.get(id ?? "") ?? this.#process;
    const session = process.sessions.get(id ?? "");
    this.log.push(`${fullName} ${id}`);
    if (!session || session.isCleaning)
      this.violations.push(`${fullName} in ${id}, which is not there`);
    else if (session.seed.worker_id !== worker_id) {
      this.violations.push(`a call of ${worker_id} in ${id} of ${session.seed.worker_id}`);
    }
    const isPlain = this.tools.find((tool) => tool.full_name === fullName)?.is_async === false;
    if (session) session.calls += 1;
    const running = runFake({
      clock: this.#clock,
      behaviour: params,
      isPlain,
      signal,
      seed: session?.seed,
      died: process.died,
      ...(process === this.#process ? {} : { kill: () => this.#kill(id ?? "") }),
    });
    void running.ended.then(() => {
      if (session) session.calls -= 1;
    });
    return running;
  }

  async cleanup(id: string): Promise<void> {
    const process = this.#own.get(id) ?? this.#process;
    const session = process.sessions.get(id);
    const count = this.counts.get(id);
    if (!session || !count) {
      this.violations.push(`cleanup of ${id}, which is not there`);
      return;
    }
    count.cleaned += 1;
    if (count.cleaned > 1) this.violations.push(`${id} is cleaned up twice`);
    if (session.calls > 0) this.violations.push(`${id} is cleaned up while a tool runs in it`);
    session.isCleaning = true;
    try {
      await this.#step("cleanup", id, process);
    } finally {
      process.sessions.delete(id);
      this.#own.delete(id);
    }
  }

  async shutdown({ force }: { force: boolean }): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    this.log.push(force ? "end" : "shutdown");
    for (const process of this.#processes) {
      for (const [id, { calls, isCleaning }] of process.sessions) {
        if (calls === 0 && !isCleaning) this.violations.push(`${id} is left without cleanup`);
      }
      process.die();
    }
  }

  /** What must hold when all is over. */
  check(): void {
    for (const [id, { cleaned, process }] of this.counts) {
      if (cleaned === 0 && !process.isDead) this.violations.push(`${id} was never cleaned up`);
    }
  }

  async #step(what: keyof FakeBackEnd["plans"], id: string, process: Process): Promise<void> {
    const { ms = 0, raises = false } = this.plans[what].shift() ?? this.modes[what];
    this.log.push(id === "" ? what : `${what} ${id}`);
    if (ms > 0) await process.until(wait(this.#clock, ms));
    if (process.isDead) throw crashed();
    if (raises) throw raised(`${what} failed`);
  }
}

/** A module of stateless tools. */
export class FakeApi implements ToolHost {
  readonly name = "module";
  readonly tools: readonly ToolInfo[];
  readonly state: BackEndState = {
    phase: "ready",
    loaded: true,
    warmedUp: false,
    warmups: 0,
    restarts: 0,
  };
  readonly #clock: Clock;

  constructor(clock: Clock, ...names: string[]) {
    this.#clock = clock;
    this.tools = names.map((name) => toolInfo(null, name, {}));
  }

  async load(): Promise<void> {}

  execute(_: string, params: Params, __: CallContext, { signal }: CallOptions): Running {
    return runFake({ clock: this.#clock, behaviour: params, isPlain: false, signal });
  }

  async shutdown(): Promise<void> {}
}
