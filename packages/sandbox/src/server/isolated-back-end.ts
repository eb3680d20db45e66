import type {
  BackEnd,
  BackEndState,
  CallContext,
  CallOptions,
  Params,
  Running,
  SessionSeed,
  ToolInfo,
} from "./back-end.js";
import { type HostProcess, type HostProcessOptions, lostCall } from "./host-process.js";
import { KeptProcess } from "./kept-process.js";

/** A back end with a process for each session; one more is kept ready for the next. */
export class IsolatedBackEnd implements BackEnd {
  readonly isolation = "session";
  readonly name: string;
  readonly #spare: KeptProcess;
  /** By session. */
  readonly #hosts = new Map<string, HostProcess>();
  readonly #beginning = new Set<Promise<void>>();
  readonly #ending = new Set<Promise<void>>();
  readonly #listeners: Parameters<BackEnd["onLost"]>[0][] = [];

  constructor(options: HostProcessOptions) {
    this.name = options.name;
    this.#spare = new KeptProcess(options);
  }

  get state(): BackEndState {
    // Also while the next spare one is on its way.
    const { state, isToBeWarm, tools } = this.#spare;
    const isUsable = state.phase !== "failed" && state.phase !== "closed";
    return { ...state, loaded: isUsable && tools !== undefined, warmedUp: isUsable && isToBeWarm };
  }

  get tools(): readonly ToolInfo[] {
    return this.#spare.tools;
  }

  load(options: { signal?: AbortSignal | undefined }): Promise<void> {
    return this.#spare.load(options);
  }

  /** Of the spare process, and from then on of each. */
  async warmup(): Promise<void> {
    if (!this.#spare.isToBeWarm) await this.#spare.warm();
  }

  async initialize(session: SessionSeed): Promise<void> {
    const beginning = this.#begin(session);
    this.#beginning.add(beginning);
    try {
      await beginning;
    } finally {
      this.#beginning.delete(beginning);
    }
  }

  execute(tool: string, params: Params, context: CallContext, { signal }: CallOptions): Running {
    const host = this.#hosts.get(context.session_id ?? "");
    return host ? host.execute(tool, params, context, signal) : lostCall(this.name);
  }

  async cleanup(sessionId: string): Promise<void> {
    const host = this.#hosts.get(sessionId);
    if (host === undefined) return; // it was lost with its process
    try {
      await host.cleanup(sessionId);
    } finally {
      this.#end(sessionId, host, false);
    }
  }

  async shutdown(options: { force: boolean }): Promise<void> {
    const closing = this.#spare.close(options);
    for (const [id, host] of this.#hosts) this.#end(id, host, options.force);
    await Promise.allSettled(this.#beginning); // their processes end as well
    await Promise.all([closing, ...this.#ending]);
  }

  onLost(listener: Parameters<BackEnd["onLost"]>[0]): void {
    this.#listeners.push(listener);
  }

  async #begin(session: SessionSeed): Promise<void> {
    const { session_id } = session;
    const host = await this.#spare.take();
    this.#hosts.set(session_id, host);
    host.onLost = (reason) => {
      this.#end(session_id, host, true);
      for (const listener of this.#listeners) listener([session_id], reason);
    };
    try {
      await host.warm();
      await host.initialize(session);
    } catch (error) {
      this.#end(session_id, host, this.state.phase === "closed");
      throw error;
    }
  }

  /** With its session the process has done what it was for. */
  #end(sessionId: string, host: HostProcess, force: boolean): void {
    this.#hosts.delete(sessionId);
    const ending: Promise<void> = host.end({ force }).finally(() => this.#ending.delete(ending));
    this.#ending.add(ending);
  }
}
