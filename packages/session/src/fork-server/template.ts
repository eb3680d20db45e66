import type { Socket } from "node:net";
import type { TrError } from "@tr/protocol/errors";
import { launcherPath } from "@tr/worker-py";
import { abortable } from "../abortable.js";
import { forkFailed, templateEnded, templateRefused, templateTimedOut } from "../errors.js";
import type { Program } from "../find-program.js";
import { hostIdentity } from "../host-identity.js";
import { LineSplitter } from "../line-splitter.js";
import { liveWorkers } from "../live-workers.js";
import { startTimer } from "../timer.js";
import type { Environment } from "../worker-environment.js";
import { type Child, type SpawnOptions, WorkerProcess } from "../worker-process.js";
import { type End, parseReport } from "./reports.js";

/** What a script is run with, whichever worker it is. */
export interface TemplateOptions extends Program {
  readonly scriptArgs: readonly string[];
  readonly cwd: string | undefined;
  readonly env: Environment;
}

/** Which worker is wanted. */
export interface ForkRequest {
  readonly session: string;
  readonly directory: string;
  readonly workspace: string;
  /** Whether it is to open a bell. */
  readonly memory: boolean;
}

interface Listeners {
  /** Gets what the script prints while it is imported. */
  readonly onLine: SpawnOptions["onLine"];
  /** Called when it forks no more workers. */
  readonly onOver: () => void;
}

/** What becomes of a worker: its end, or why there is none. */
export type Outcome = { readonly end: End } | { readonly error: TrError };

/** The session id that the script sees while it is imported (`fork_server.py`). */
const placeholder = "fork-server";
/** The descriptor of its reports: the first after the three that every process has. */
const reportsDescriptor = 3;
/** How long a template without workers waits for the next. */
const lingerMs = 60_000;
/** How long it may take to leave. */
const leaveMs = 2000;

/**
 * A process that has imported a script and forks workers of it. It dies with this program, by the means
 * that a worker does, and its workers with it: the kernel kills each when its parent, the template, is gone.
 */
export class Template {
  readonly #process: WorkerProcess;
  readonly #requests: Child["stdin"];
  readonly #python: readonly string[];
  readonly #onOver: () => void;
  readonly #workers = new Map<number, (outcome: Outcome) => void>();
  readonly #ready = Promise.withResolvers<void>();
  #isReady = false;
  /** It takes no further requests. */
  #isOver = false;
  #waiting = 0;
  #numbers = 0;
  #stopTimer = () => {};

  /** @throws the system's error when the interpreter cannot be run */
  static async start(options: TemplateOptions, listeners: Listeners): Promise<Template> {
    const { file, args, script, scriptArgs, cwd, env } = options;
    let made: Child | undefined;
    const process = await WorkerProcess.spawn({
      ...{ file, cwd, onLine: listeners.onLine },
      args: [...args, launcherPath, script, placeholder, ...scriptArgs],
      env: {
        ...env,
        ...{ TR_SESSION_DIR: undefined, TR_WORKSPACE: undefined, TR_MEMORY: undefined },
        TR_FORK_SERVER: String(reportsDescriptor),
      },
      pipes: ["pipe"],
      onSpawn(child, pid) {
        liveWorkers.add(pid);
        made = child;
      },
    });
    return new Template(process, made as Child, [file, ...args], listeners.onOver);
  }

  private constructor(
    process: WorkerProcess,
    child: Child,
    python: readonly string[],
    onOver: () => void,
  ) {
    this.#process = process;
    this.#requests = child.stdin;
    this.#python = python;
    this.#onOver = onOver;
    this.#ready.promise.catch(() => {}); // told to those who wait
    const lines = new LineSplitter((line) => this.#takeReport(line));
    const reports = child.stdio[reportsDescriptor] as Socket;
    reports.on("data", (chunk: Uint8Array) => lines.push(chunk));
    reports.on("error", () => {}); // its exit tells
    child.once("exit", () => this.#goesOver());
    void process.exited.then(() => this.#ended());
  }

  get pid(): number {
    return this.#process.pid;
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  /** @throws TrError `TR_START_FAILED`, `TR_START_TIMEOUT`, `TR_PROTOCOL`; the signal's reason. When the last who waits has gone, a template that is not ready ends. */
  async waitUntilReady(timeoutMs: number, signal: AbortSignal): Promise<void> {
    this.#waiting++;
    this.#stopTimer();
    const timeout = Promise.withResolvers<never>();
    const stopTimer = startTimer(timeoutMs, () =>
      timeout.reject(templateTimedOut(timeoutMs, this.#process.stderrTail)),
    );
    try {
      await abortable(Promise.race([this.#ready.promise, timeout.promise]), signal);
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    } finally {
      stopTimer();
      this.#waiting--;
      this.#rest();
    }
  }

  /**
   * Forks a worker.
   *
   * @returns what is to be called when nothing more is done to the worker's group
   * @throws TrError `TR_START_FAILED` when it has ended since it was ready
   */
  fork(request: ForkRequest, onEnd: (outcome: Outcome) => void): () => void {
    if (this.#isOver) throw forkFailed("what it would be forked from has ended; start it again");
    this.#stopTimer();
    const number = ++this.#numbers;
    this.#workers.set(number, onEnd);
    this.#tell({ fork: number, ...request });
    return () => {
      this.#tell({ reap: number });
    };
  }

  /** As {@link WorkerProcess.hold}. */
  hold(): () => void {
    return this.#process.hold();
  }

  /** The last lines that the script wrote to stderr while it was imported. */
  get stderrTail(): string {
    return this.#process.stderrTail;
  }

  #tell(message: object): void {
    // One that is gone reads nothing more: that it is, is told to all its workers.
    if (!this.#isOver) this.#requests?.write(`${JSON.stringify(message)}\n`);
  }

  #takeReport(line: string): void {
    try {
      const report = parseReport(line);
      switch (report.type) {
        case "ready":
          this.#becomesReady(report.pidNamespace);
          return;
        case "refused":
          throw templateRefused(report.reason, this.stderrTail);
        case "failed":
          this.#workerEnded(report.number, { error: forkFailed(report.reason) });
          return;
        case "ended":
          this.#workerEnded(report.number, { end: report.end });
      }
    } catch (error) {
      this.#ready.reject(error);
      this.#kill();
    }
  }

  #becomesReady(pidNamespace: string): void {
    const { pidNamespace: own } = hostIdentity();
    if (pidNamespace !== own) {
      const reason = `it runs in the pid namespace ${pidNamespace}, this process in ${own}: its workers could not be stopped. Start the interpreter in the same one (option python)`;
      throw templateRefused(reason, this.stderrTail);
    }
    this.#isReady = true;
    this.#ready.resolve();
  }

  #workerEnded(number: number, outcome: Outcome): void {
    const tell = this.#workers.get(number);
    this.#workers.delete(number);
    tell?.(outcome);
    this.#rest();
  }

  /** Whom it has forked the kernel has killed. */
  #ended(): void {
    liveWorkers.remove(this.#process.pid);
    this.#stopTimer();
    this.#ready.reject(templateEnded(this.#process.exit, this.stderrTail, this.#python));
    for (const number of this.#workers.keys()) {
      this.#workerEnded(number, { end: { exitCode: null, signal: "SIGKILL" } });
    }
  }

  #goesOver(): void {
    if (!this.#isOver) this.#onOver();
    this.#isOver = true;
  }

  /** It may have nothing to do now. */
  #rest(): void {
    if (this.#waiting > 0 || this.#workers.size > 0 || this.#isOver) return;
    if (!this.#isReady) this.#kill();
    else this.#later(lingerMs, () => this.#leave());
  }

  #leave(): void {
    this.#goesOver();
    this.#requests?.end();
    this.#later(leaveMs, () => this.#kill());
  }

  #kill(): void {
    this.#goesOver();
    this.#process.kill("SIGKILL");
  }

  #later(ms: number, action: () => void): void {
    this.#stopTimer();
    const timer = setTimeout(action, ms);
    timer.unref();
    this.#stopTimer = () => clearTimeout(timer);
  }
}
