import { join } from "node:path";
import { PythonSession, type SessionOptions, type SessionState, TrError } from "@tr/session";
import { findPython, sandboxHostPath } from "@tr/worker-py";
import { codes } from "./answer.js";
import type {
  CallContext,
  Params,
  Running,
  SessionSeed,
  ToolAnswer,
  ToolInfo,
} from "./back-end.js";
import { loadFault } from "./load-fault.js";
import type { SandboxLog } from "./log.js";
import { tensorsFromJson, tensorsToJson } from "./tensor-values.js";
import { longestMs, within } from "./within.js";

/** What a process is to hold: the instance of a back end, or the functions of a module. */
export type LoadSpec =
  | { kind: "backend"; name: string; class: string; folder: string; config: object }
  | { kind: "apis"; folder: string; apis: Record<string, { function: string; config: object }> };

export interface HostProcessOptions {
  /** In log lines and messages. */
  readonly name: string;
  readonly spec: LoadSpec;
  readonly session: Pick<SessionOptions, "python" | "env" | "cancelGraceMs">;
  /** For the process, and again for its import of the class. */
  readonly startTimeoutMs: number;
  readonly log: SandboxLog;
  /** Called after each warm-up that has succeeded. */
  readonly onWarm?: () => void;
}

interface Loaded {
  readonly description: string;
  readonly tools: readonly ToolInfo[];
}

/** How long Python's `shutdown()` may take, in ms. */
const shutdownMs = 10_000;

/** One Python process with a back end or functions in it, from its start to its end. It is not started again. */
export class HostProcess {
  /** Told once, before its calls reject, when the process is gone although nobody has ended it. */
  onLost: ((reason: TrError) => void) | undefined;
  tools: readonly ToolInfo[] = [];
  isWarm = false;
  /** Calls of tools under way. */
  calls = 0;
  readonly #options: HostProcessOptions;
  readonly #session: PythonSession;
  #warming: Promise<void> | undefined;
  #ending: Promise<void> | undefined;
  #isLoaded = false;
  #isGone = false;

  constructor(options: HostProcessOptions) {
    this.#options = options;
    const { folder } = options.spec;
    const { python, ...session } = options.session;
    this.#session = new PythonSession({
      ...session,
      script: sandboxHostPath,
      python: python ?? pythonFor(folder),
      cwd: folder,
      startTimeoutMs: options.startTimeoutMs,
    });
    this.#session.on("state", (state) => this.#onState(state));
    this.#session.on("log", ({ stream, line }) => {
      options.log.info({ backend: options.name, pid: this.pid, stream }, line);
    });
    this.#session.on("warning", ({ code, message }) => {
      options.log.warn({ backend: options.name, code }, message);
    });
    this.#session.on("unresponsive", ({ sinceMs }) => {
      const { name } = options;
      options.log.warn({ backend: name, pid: this.pid, sinceMs }, "gives no sign of life");
    });
  }

  /** `undefined` when there is no process. */
  get pid(): number | undefined {
    const { state } = this.#session;
    return "pid" in state ? state.pid : undefined;
  }

  /** Starts the process and has it import what it is for. @throws TrError; nothing is left of it then. */
  async start(signal: AbortSignal): Promise<void> {
    const { spec, startTimeoutMs, name } = this.#options;
    try {
      await this.#session.start({ signal });
      // Its import may hold the interpreter: it is not asked to stop, it is ended.
      const load = this.#session.call<Loaded>("sandbox:load", [spec]);
      const loaded = await within(load, startTimeoutMs, signal);
      if (loaded === undefined) {
        throw new TrError(
          "TR_START_TIMEOUT",
          `${name} was not imported within ${startTimeoutMs} ms (option startTimeoutMs)`,
          { stderrTail: "" },
        );
      }
      this.tools = loaded.tools;
      this.#isLoaded = true;
    } catch (error) {
      await this.end({ force: true });
      throw loadFault(error, spec);
    }
  }

  /** Python's `warmup()`, once; a failed one is tried again. `signal` ends the wait alone. */
  async warm(signal?: AbortSignal): Promise<void> {
    this.#warming ??= this.#session.call("sandbox:warmup").then(
      () => {
        this.isWarm = true;
        this.#options.onWarm?.();
      },
      (error) => {
        this.#warming = undefined;
        throw error;
      },
    );
    await within(this.#warming, longestMs, signal);
  }

  async initialize(session: SessionSeed): Promise<void> {
    const config = tensorsFromJson(session.config, "config");
    await this.#session.call("sandbox:initialize", [{ ...session, config }]);
    // Its last word, and the process is gone already: there is no such session.
    if (this.#isGone) throw lost(this.#options.name);
  }

  execute(tool: string, params: Params, context: CallContext, signal: AbortSignal): Running {
    const answer = this.#execute(tool, params, context, signal);
    return { answer, ended: answer.then(nothing, nothing) };
  }

  async cleanup(sessionId: string): Promise<void> {
    await this.#session.call("sandbox:cleanup", [sessionId]);
  }

  /** Python's `shutdown()` unless `force`, then the end of the process. Never rejects. */
  end({ force }: { force: boolean }): Promise<void> {
    this.#ending ??= this.#end(force);
    return this.#ending;
  }

  async #execute(
    tool: string,
    params: Params,
    context: CallContext,
    signal: AbortSignal,
  ): Promise<ToolAnswer> {
    const args = [tool, tensorsFromJson(params, "params"), context];
    this.calls++;
    let answer: ToolAnswer;
    try {
      answer = await this.#session.call<ToolAnswer>("sandbox:execute", args, { signal });
    } finally {
      this.calls--;
    }
    try {
      return tensorsToJson(answer);
    } catch (error) {
      const { message } = error as Error;
      return { code: codes.executionError, message: `${tool}: ${message}`, data: null, meta: {} };
    }
  }

  async #end(force: boolean): Promise<void> {
    const { name, log } = this.#options;
    this.onLost = undefined;
    if (!force && this.#isLoaded && !this.#isGone) {
      try {
        const shutdown = this.#session.call("sandbox:shutdown").then(() => true);
        if ((await within(shutdown, shutdownMs)) === undefined) {
          log.warn({ backend: name }, `shutdown() did not end within ${shutdownMs} ms`);
        }
      } catch (error) {
        log.warn({ backend: name, err: error }, "shutdown() failed");
      }
    }
    this.#isGone = true;
    if (force) await this.#session.terminate();
    await this.#session.close();
  }

  #onState(state: SessionState): void {
    const { status } = state;
    const isThere = status === "ready" || status === "busy" || status === "starting";
    if (isThere || this.#isGone || !this.#isLoaded) return;
    this.#isGone = true;
    // "exiting": what it said made no sense, and the session ends it. "exited": it has left by itself.
    const reason = status === "crashed" ? state.error : lost(this.#options.name);
    this.onLost?.(reason);
  }
}

/** A virtual environment beside the config is its user's, as one beside a script is. */
function pythonFor(folder: string): string[] {
  const { file, args } = findPython({ script: join(folder, "sandbox.py") });
  return [file, ...args];
}

function lost(name: string): TrError {
  return new TrError("TR_WORKER_CRASHED", `the Python process of ${name} is gone`, {
    exitCode: null,
    signal: null,
    oom: false,
    stderrTail: "",
  });
}

/** A call of a session whose process is gone. */
export function lostCall(name: string): Running {
  const answer = Promise.reject(lost(name));
  answer.catch(nothing);
  return { answer, ended: Promise.resolve() };
}

function nothing(): void {}
