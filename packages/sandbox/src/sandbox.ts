import { dirname } from "node:path";
import { TrError } from "@tr/protocol/errors";
import { watchEnd } from "./await-end.js";
import { ensureServer } from "./ensure-server.js";
import { gatewayCommand } from "./find-gateway.js";
import { Heartbeat } from "./heartbeat.js";
import {
  checkMs,
  type ResolvedSandboxOptions,
  resolveOptions,
  type SandboxOptions,
} from "./options.js";
import { Requests } from "./requests.js";
import { type CallOptions, Routes } from "./routes.js";

export interface StartOptions extends CallOptions {
  /** How long until the server is ready, in ms. Default: 120,000. */
  readonly timeoutMs?: number | undefined;
}

export interface CloseOptions extends CallOptions {
  /** True: the sessions of this client's `workerId` end at once, not when their time is over. */
  readonly destroySessions?: boolean | undefined;
}

export interface ShutdownOptions extends CallOptions {
  /** True: what runs is not waited for. */
  readonly force?: boolean | undefined;
  /** Default: true. */
  readonly cleanupSessions?: boolean | undefined;
  /** How long until the server is gone, in ms. Default: 60,000. */
  readonly timeoutMs?: number | undefined;
}

/** How long a heartbeat waits for its answer, in ms. */
const heartbeatTimeoutMs = 5000;

/**
 * A client of a sandbox's server. It holds nothing but a few idle connections, and never keeps a program alive
 * that has nothing under way.
 *
 * Every method throws TrErrors: `TR_SANDBOX_UNREACHABLE` (what may have run is never sent again),
 * `TR_TOOL_ERROR`, `TR_SANDBOX_SESSION`, `TR_CANCELLED`, `TR_SESSION_CLOSED` after `close()`,
 * `TR_INVALID_ARGUMENT` for what cannot travel.
 */
export class Sandbox extends Routes implements AsyncDisposable {
  readonly #options: ResolvedSandboxOptions;
  readonly #heartbeat: Heartbeat;
  #closed: Promise<void> | undefined;

  /** @throws TrError `TR_INVALID_ARGUMENT`, naming the option */
  constructor(options: SandboxOptions) {
    const resolved = resolveOptions(options);
    super(resolved.workerId, new Requests(resolved));
    this.#options = resolved;
    this.#heartbeat = new Heartbeat(resolved.heartbeatMs, () => this.#refresh());
  }

  /** Where the server is; `undefined` when that is known only while it runs (port 0). */
  get url(): string | undefined {
    return this.requests.place.url;
  }

  /**
   * Makes sure that a server is ready, its back ends loaded and their tools registered. Where none answers it
   * is started as a process that goes on after this program; its log is a file of the user's own.
   *
   * @throws TrError `TR_SANDBOX_START_FAILED` with the last lines of its log; `TR_SANDBOX_UNREACHABLE` where
   *   another server answers, or none and there is neither `config` nor `serverCommand`
   */
  async start({ signal, timeoutMs = 120_000 }: StartOptions = {}): Promise<void> {
    this.assertOpen();
    const { config, serverCommand, token } = this.#options;
    await ensureServer(this.requests, {
      command: () => serverCommand ?? gatewayCommand(this.#config()),
      // The server is to hold no folder that the program happened to be started in.
      cwd: serverCommand === undefined && config !== undefined ? dirname(config) : process.cwd(),
      env: { ...process.env, ...(token !== undefined && { TR_GATEWAY_TOKEN: token }) },
      timeoutMs: checkMs("timeoutMs", timeoutMs),
      signal,
    });
    this.onSession();
  }

  /**
   * Ends the server: cleanup of every session, then shutdown of every back end. Resolves when it is gone. Works
   * after {@link close} too.
   */
  async shutdownServer({
    force = false,
    cleanupSessions = true,
    timeoutMs = 60_000,
    signal,
  }: ShutdownOptions = {}): Promise<{ message: string; sessionsCleaned: number }> {
    this.#heartbeat.end();
    const deadline = performance.now() + checkMs("timeoutMs", timeoutMs);
    const body = { force, cleanup_sessions: cleanupSessions };
    const gone = watchEnd(this.requests);
    const answer = await this.requests.plain("POST", "/api/v1/server/shutdown", body, {
      ...{ signal, timeoutMs },
    });
    await gone({ deadline, timeoutMs, signal });
    this.requests.forget();
    const { message, sessions_cleaned: sessionsCleaned } = answer;
    return { message: String(message), sessionsCleaned: Number(sessionsCleaned) };
  }

  /**
   * Ends this client alone: what it waits for fails, the server goes on, and so do its sessions until their
   * time is over. Idempotent.
   */
  close(options: CloseOptions = {}): Promise<void> {
    this.#closed ??= this.#close(options);
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  protected assertOpen(): void {
    if (this.#closed === undefined) return;
    throw new TrError("TR_SESSION_CLOSED", "the client is closed; make a new one");
  }

  protected onSession(): void {
    if (this.#closed === undefined) this.#heartbeat.begin();
  }

  async #close({ destroySessions = false, signal }: CloseOptions): Promise<void> {
    this.#heartbeat.end();
    const body = { worker_id: this.workerId };
    try {
      if (destroySessions) await this.requests.post("/api/v1/worker/disconnect", body, { signal });
    } finally {
      this.requests.close();
    }
  }

  /** For the heartbeat: whether there are sessions to keep. */
  async #refresh(): Promise<boolean> {
    const body = { worker_id: this.workerId };
    const { data } = await this.requests.post("/api/v1/session/refresh", body, {
      ...{ timeoutMs: heartbeatTimeoutMs, isIdle: true, retry: false },
    });
    return (Object(data) as { refreshed_count?: number }).refreshed_count !== 0;
  }

  #config(): string {
    const { config, serverUrl = "" } = this.#options;
    if (config !== undefined) return config;
    const text = `no server answers at ${serverUrl}; to have one started, give the option config or serverCommand`;
    throw new TrError("TR_SANDBOX_UNREACHABLE", text, { url: serverUrl, mayHaveRun: false });
  }
}
