import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { TrError } from "@tr/pool";
import type { Logger } from "pino";
import { Registry } from "prom-client";
import { createChat } from "./chat/chat.js";
import { shuttingDown } from "./chat/failure.js";
import { createDashboard } from "./dashboard/dashboard.js";
import type { GatewayModule } from "./gateway-module.js";
import { admit } from "./http/admission.js";
import { type App, createApp } from "./http/app.js";
import { HttpError } from "./http/errors.js";
import { measureRequests } from "./http/measure.js";
import { OpenResponses } from "./http/open-responses.js";
import { serviceRoutes } from "./http/service-routes.js";
import { createLog } from "./log.js";
import {
  type GatewayOptions,
  type ResolvedGatewayOptions,
  resolveGatewayOptions,
} from "./options.js";
import { createSandboxModule } from "./sandbox/sandbox-module.js";
import { createTasks } from "./tasks/tasks-module.js";

export interface Gateway extends AsyncDisposable {
  /** Where it listens, as `http://127.0.0.1:18890`; `undefined` before `listen()`. */
  readonly url: string | undefined;
  /** What clients send as `Authorization: Bearer …`; `undefined` with `auth: "none"`. */
  readonly token: string | undefined;
  readonly log: Logger;
  /** Aborts when it begins to close: by {@link close}, or because a client has asked for `/api/v1/server/shutdown`. */
  readonly closing: AbortSignal;
  /** Listens, and starts the workers meanwhile; resolves to {@link url}. @throws Error of the system, with its `code` (`EADDRINUSE`). */
  listen(): Promise<string>;
  /** Resolves when a request can be served. @throws why none ever will. */
  ready(options?: { signal?: AbortSignal }): Promise<void>;
  /** Refuses what comes, lets what runs end for `drainMs`, ends the workers. Idempotent. */
  close(): Promise<void>;
}

/** How long clients have to take the end of their streams when everything else has ended, in ms. */
const lastWordsMs = 2000;

/** A server for Python agents. Nothing is started yet. @throws TrError `TR_INVALID_ARGUMENT`, naming the option. */
export function createGateway(options: GatewayOptions): Gateway {
  const resolved = resolveGatewayOptions(options);
  const log = createLog(options.log);
  const metrics = new Registry();
  const context = { log, metrics };
  const stop = (how: { force: boolean }) => void gateway.stop(how);
  const { maxBodyBytes } = options;
  const chat = options.chat && createChat(options.chat, context);
  const tasks = chat && options.tasks && createTasks(options.tasks, chat, context);
  const sandbox =
    options.sandbox && createSandboxModule(options.sandbox, context, { maxBodyBytes, stop });
  if (chat === undefined && sandbox === undefined) {
    const message = "option chat: expected it, or sandbox: there is nothing to serve";
    throw new TrError("TR_INVALID_ARGUMENT", message);
  }
  if (options.tasks !== undefined && chat === undefined) {
    const message = "option chat: expected it too: tasks are questions to its agent";
    throw new TrError("TR_INVALID_ARGUMENT", message);
  }
  const dashboard = createDashboard({ chat, sandbox, needsToken: resolved.token !== undefined });
  const modules = [chat, dashboard, tasks, sandbox].filter((module) => module !== undefined);
  const gateway = new RunningGateway(resolved, modules, log, metrics);
  return gateway;
}

class RunningGateway implements Gateway {
  readonly token: string | undefined;
  readonly log: Logger;
  readonly #options: ResolvedGatewayOptions;
  readonly #modules: readonly GatewayModule[];
  readonly #app: App;
  readonly #responses: OpenResponses;
  readonly #closing = new AbortController();
  #url: string | undefined;
  #closed: Promise<void> | undefined;

  constructor(
    options: ResolvedGatewayOptions,
    modules: readonly GatewayModule[],
    log: Logger,
    metrics: Registry,
  ) {
    this.token = options.token;
    this.log = log;
    this.#options = options;
    this.#modules = modules;
    const { signal } = this.#closing;
    this.#app = createApp({ log, maxBodyBytes: options.maxBodyBytes });
    this.#responses = new OpenResponses(this.#app);
    measureRequests(this.#app, metrics);
    admit(this.#app, options);
    this.#app.addHook("onRequest", async ({ method }) => {
      if (!signal.aborted || method === "GET") return;
      const { code, content } = shuttingDown;
      throw new HttpError(503, code, content, { "retry-after": "5", connection: "close" });
    });
    // In a plugin of their own, so that the document of the interface is there to take them up.
    this.#app.register(async (app: App) => {
      serviceRoutes(app, modules, metrics, () => signal.aborted);
      for (const module of modules) module.register(app);
    });
  }

  get url(): string | undefined {
    return this.#url;
  }

  async listen(): Promise<string> {
    this.#assertOpen();
    const { host, port } = this.#options;
    await this.#app.listen({ host, port, listenTextResolver: (at) => `listening at ${at}` });
    const { port: actual } = this.#app.server.address() as AddressInfo;
    const name = host.includes(":") ? `[${host}]` : host;
    this.#url = `http://${name}:${actual}`;
    this.ready().catch((error) => {
      if (!this.#closing.signal.aborted) this.log.error({ err: error }, "no request can be served");
    });
    return this.#url;
  }

  async ready({ signal }: { signal?: AbortSignal } = {}): Promise<void> {
    this.#assertOpen();
    const closing = this.#closing.signal;
    const either = signal ? AbortSignal.any([signal, closing]) : closing;
    await Promise.all(this.#modules.map((module) => module.ready(either)));
  }

  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  close(): Promise<void> {
    return this.stop({ force: false });
  }

  /** `force`: what runs gets no time. */
  stop({ force }: { force: boolean }): Promise<void> {
    this.#closed ??= this.#close(force ? 0 : this.#options.drainMs);
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(drainMs: number): Promise<void> {
    this.#closing.abort();
    this.log.info({ drainMs }, "shutting down");
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(), drainMs);
    await Promise.all(this.#modules.map((module) => module.drain(deadline.signal)));
    clearTimeout(timer);
    const closed = this.#app.close();
    // A client that does not take the end of its stream is not waited for, nor one that has asked nothing.
    await Promise.race([this.#responses.none(), sleep(lastWordsMs, undefined, { ref: false })]);
    this.#app.server.closeAllConnections();
    await closed;
    await Promise.all(this.#modules.map((module) => module.close()));
    this.log.info("shut down");
  }

  #assertOpen(): void {
    if (!this.#closing.signal.aborted) return;
    throw new TrError("TR_SESSION_CLOSED", "the gateway is closed; make a new one");
  }
}
