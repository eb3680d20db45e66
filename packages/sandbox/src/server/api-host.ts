import type {
  BackEndState,
  CallContext,
  CallOptions,
  Params,
  Running,
  ToolHost,
  ToolInfo,
} from "./back-end.js";
import { type HostProcess, type HostProcessOptions, lostCall } from "./host-process.js";
import { KeptProcess } from "./kept-process.js";

/** The stateless tools of one Python module, in one or more processes. */
export class ApiHost implements ToolHost {
  readonly name: string;
  readonly #kept: readonly KeptProcess[];

  constructor(options: HostProcessOptions, replicas: number) {
    this.name = options.name;
    this.#kept = Array.from({ length: replicas }, () => new KeptProcess(options));
  }

  /** Of the first that can be called, else of the one that is nearest to it. */
  get state(): BackEndState {
    const states = this.#kept.map(({ state }) => state);
    const order = ["ready", "restarting", "starting", "failed", "closed"] as const;
    const [best] = states.sort((a, b) => order.indexOf(a.phase) - order.indexOf(b.phase));
    const restarts = states.reduce((sum, state) => sum + state.restarts, 0);
    return { ...(best as BackEndState), restarts };
  }

  get tools(): readonly ToolInfo[] {
    return this.#kept.find(({ host }) => host)?.tools ?? this.#kept[0]?.tools ?? [];
  }

  async load(options: { signal?: AbortSignal | undefined }): Promise<void> {
    await Promise.all(this.#kept.map((kept) => kept.load(options)));
  }

  execute(tool: string, params: Params, context: CallContext, { signal }: CallOptions): Running {
    const host = this.#leastBusy();
    if (host) return host.execute(tool, params, context, signal);
    // None is up: there is no state to be lost, so the call waits for the next.
    const next = this.#kept.find(({ state }) => state.phase !== "failed") ?? this.#kept[0];
    if (next === undefined) return lostCall(this.name);
    const sent = next.ready().then((ready) => ready.execute(tool, params, context, signal));
    const nothing = () => {};
    return {
      answer: sent.then(({ answer }) => answer),
      ended: sent.then(({ ended }) => ended, nothing),
    };
  }

  async shutdown(options: { force: boolean }): Promise<void> {
    await Promise.all(this.#kept.map((kept) => kept.close(options)));
  }

  #leastBusy(): HostProcess | undefined {
    let best: HostProcess | undefined;
    for (const { host } of this.#kept) {
      if (host && (best === undefined || host.calls < best.calls)) best = host;
    }
    return best;
  }
}
