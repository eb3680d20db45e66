import { TrError } from "@tr/protocol/errors";
import type {
  BackEnd,
  BackEndState,
  CallContext,
  CallOptions,
  Params,
  Running,
  SessionSeed,
  ToolAnswer,
  ToolHost,
  ToolInfo,
} from "../src/server/back-end.js";
import type { Clock } from "../src/server/clock.js";

/** What `params` may tell a fake tool to do. */
export interface Behaviour {
  /** How long it runs. */
  ms?: number;
  /** It raises at its end. */
  raises?: boolean;
  /** Cancelled, it goes on for so long; a plain function to its own end in any case. */
  lingersMs?: number;
  /** Its own envelope. */
  answers?: ToolAnswer;
}

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

const crashed = () =>
  new TrError("TR_WORKER_CRASHED", "the process died", {
    exitCode: null,
    signal: "SIGKILL",
    oom: false,
    stderrTail: "",
  });
const raised = (what: string) =>
  new TrError("TR_PYTHON_ERROR", `RuntimeError: ${what}`, {
    pythonType: "RuntimeError",
    pythonMessage: what,
    pythonTraceback: `Traceback of ${what}`,
  });

/** The state of one imaginary process; a crash replaces it by a new one. */
class Process {
  readonly sessions = new Map<string, { seed: SessionSeed; calls: number; isCleaning: boolean }>();
  readonly died = Promise.withResolvers<void>();
  warm: Promise<void> | undefined;
  isWarm = false;
  isDead = false;
}

/**
 * A back end without Python, on a clock of the test's, that keeps a log of what was done to it and of
 * what must never be done.
 */
export class FakeBackEnd implements BackEnd {
  readonly name: string;
  readonly isolation: "shared" | "session" = "shared";
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
  #process = new Process();
  #tellLost: (ids: "all" | readonly string[], reason: Error) => void = () => {};

  constructor(name: string, clock: Clock, more: ToolInfo[] = []) {
    this.name = name;
    this.#clock = clock;
    this.tools = [
      toolInfo(name, "run", {}),
      toolInfo(name, "block", { is_async: false }),
      toolInfo(name, `only_${name}`, {}),
      toolInfo(name, "secret", { hidden: true }),
      ...more,
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
    return [...this.#process.sessions.keys()];
  }

  async load(): Promise<void> {
    this.log.push("load");
  }

  onLost(listener: (ids: "all" | readonly string[], reason: Error) => void): void {
    this.#tellLost = listener;
  }

  crash(): void {
    const dead = this.#process;
    this.#process = new Process();
    dead.isDead = true;
    this.restarts += 1;
    this.log.push("crash");
    this.#tellLost("all", crashed());
    dead.died.resolve();
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
    const process = this.#process;
    const { session_id, resource_type } = seed;
    if (resource_type !== this.name) this.violations.push(`${session_id} is of another type`);
    if (!process.isWarm) this.violations.push(`${session_id} is initialized before the warm-up`);
    this.seeds.push(seed);
    await this.#step("initialize", session_id, process);
    if (this.counts.has(session_id)) this.violations.push(`${session_id} is initialized twice`);
    this.counts.set(session_id, { initialized: 1, cleaned: 0, process });
    process.sessions.set(session_id, { seed, calls: 0, isCleaning: false });
  }

  execute(
    fullName: string,
    params: Params,
    context: CallContext,
    { signal }: CallOptions,
  ): Running {
    const process = this.#process;
    const { session_id: id, worker_id } = context;
    const session = id === null ? undefined : process.sessions.get(id);
    this.log.push(`${fullName} ${id}`);
    if (!session || session.isCleaning)
      this.violations.push(`${fullName} in ${id}, which is not there`);
    else if (session.seed.worker_id !== worker_id) {
      this.violations.push(`a call of ${worker_id} in ${id} of ${session.seed.worker_id}`);
    }
    const isPlain = this.tools.find((tool) => tool.full_name === fullName)?.is_async === false;
    if (session) session.calls += 1;
    const running = runFake(
      this.#clock,
      params,
      isPlain,
      process.died.promise,
      signal,
      session?.seed,
    );
    void running.ended.then(() => {
      if (session) session.calls -= 1;
    });
    return running;
  }

  async cleanup(id: string): Promise<void> {
    const process = this.#process;
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
    }
  }

  async shutdown({ force }: { force: boolean }): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    this.log.push(force ? "end" : "shutdown");
    for (const [id, { calls, isCleaning }] of this.#process.sessions) {
      if (calls === 0 && !isCleaning) this.violations.push(`${id} is left without cleanup`);
    }
    this.#process.isDead = true;
    this.#process.died.resolve();
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
    if (ms > 0) await Promise.race([wait(this.#clock, ms), process.died.promise]);
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
    return runFake(this.#clock, params, false, new Promise(() => {}), signal, undefined);
  }

  async shutdown(): Promise<void> {}
}

const wait = (clock: Clock, ms: number) =>
  new Promise<void>((resolve) => clock.setTimeout(resolve, ms));

function runFake(
  clock: Clock,
  behaviour: Behaviour,
  isPlain: boolean,
  died: Promise<void>,
  signal: AbortSignal,
  seed: SessionSeed | undefined,
): Running {
  const { ms = 0, raises = false, lingersMs = 0, answers } = behaviour;
  const answer = Promise.withResolvers<ToolAnswer>();
  const ended = Promise.withResolvers<void>();
  const finish = () => {
    ended.resolve();
    if (signal.aborted) answer.reject(new TrError("TR_CANCELLED", "cancelled"));
    else if (raises) answer.resolve({ code: 5005, message: "boom", data: null, meta: {} });
    else {
      const data = { session: seed?.session_id ?? null, worker: seed?.worker_id ?? null };
      answer.resolve(answers ?? { code: 0, message: "success", data, meta: {} });
    }
  };
  const finishIn = (delayMs: number) => {
    if (delayMs > 0) return clock.setTimeout(finish, delayMs);
    queueMicrotask(finish);
    return undefined;
  };
  const alarm = finishIn(ms);
  signal.addEventListener("abort", () => {
    if (isPlain) return;
    alarm?.cancel();
    finishIn(lingersMs);
  });
  void died.then(() => {
    alarm?.cancel();
    answer.reject(crashed());
    ended.resolve();
  });
  return { answer: answer.promise, ended: ended.promise };
}
