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
import { type HostProcessOptions, lostCall } from "./host-process.js";
import { KeptProcess } from "./kept-process.js";

/** A back end whose sessions live in one process. */
export class SharedBackEnd implements BackEnd {
  readonly isolation = "shared";
  readonly name: string;
  readonly #kept: KeptProcess;
  readonly #listeners: Parameters<BackEnd["onLost"]>[0][] = [];

  constructor(options: HostProcessOptions) {
    this.name = options.name;
    this.#kept = new KeptProcess(options, (reason) => {
      for (const listener of this.#listeners) listener("all", reason);
    });
  }

  get state(): BackEndState {
    return this.#kept.state;
  }

  get tools(): readonly ToolInfo[] {
    return this.#kept.tools;
  }

  load(options: { signal?: AbortSignal | undefined }): Promise<void> {
    return this.#kept.load(options);
  }

  warmup(): Promise<void> {
    return this.#kept.warm();
  }

  async initialize(session: SessionSeed): Promise<void> {
    const host = await this.#kept.ready();
    await host.initialize(session);
  }

  execute(tool: string, params: Params, context: CallContext, { signal }: CallOptions): Running {
    const { host } = this.#kept;
    return host ? host.execute(tool, params, context, signal) : lostCall(this.name);
  }

  async cleanup(sessionId: string): Promise<void> {
    await this.#kept.host?.cleanup(sessionId); // none: it was lost with its process
  }

  shutdown(options: { force: boolean }): Promise<void> {
    return this.#kept.close(options);
  }

  onLost(listener: Parameters<BackEnd["onLost"]>[0]): void {
    this.#listeners.push(listener);
  }
}
