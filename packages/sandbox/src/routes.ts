import * as answers from "./answers.js";
import { sessionError, toolError, type WireAnswer } from "./errors.js";
import { checkMs } from "./options.js";
import type { RequestOptions, Requests } from "./requests.js";

/** What every method takes last. */
export interface CallOptions {
  /** Aborting ends the request, and with it the tool on the server: `TR_CANCELLED`. */
  readonly signal?: AbortSignal | undefined;
}

export interface ExecuteOptions extends CallOptions {
  /** How long the tool may run, in ms; then `TR_TOOL_ERROR` with `toolCode` 5006. Default: no bound. */
  readonly timeoutMs?: number | undefined;
}

export interface BatchAction {
  /** A tool's name, as `rag:search`. */
  readonly action: string;
  readonly params?: Params | undefined;
  /** As of `execute`. */
  readonly timeoutMs?: number | undefined;
}

export interface BatchOptions extends CallOptions {
  /** True: all at once. Default: false. */
  readonly parallel?: boolean | undefined;
  /** False: those after one that failed run all the same. Default: true. */
  readonly stopOnError?: boolean | undefined;
}

/** By name; JSON, with tensors anywhere. */
export type Params = Readonly<Record<string, unknown>>;

/** How long after a tool's own time limit its answer may take, in ms. */
const answerGraceMs = 5000;

/** The server's HTTP interface, method by method. Results have the interface's fields in camelCase. */
export abstract class Routes {
  readonly workerId: string;
  protected readonly requests: Requests;

  constructor(workerId: string, requests: Requests) {
    this.workerId = workerId;
    this.requests = requests;
  }

  /** @throws TrError `TR_SESSION_CLOSED` */
  protected abstract assertOpen(): void;

  /** Told when there may be a session to keep alive. */
  protected abstract onSession(): void;

  /**
   * Runs a tool: in this client's session of its resource type, or in one made for this call. It is sent once.
   *
   * @param action as `rag:search`, or `search` where only one has it
   * @throws TrError `TR_TOOL_ERROR` with `toolCode` and the tool's `data`
   */
  async execute<Data = unknown>(
    action: string,
    params: Params = {},
    { signal, timeoutMs }: ExecuteOptions = {},
  ): Promise<answers.ToolResult<Data>> {
    const answer = await this.post(
      "/api/v1/execute",
      { action, params, ...inSeconds(timeoutMs) },
      { signal, timeoutMs: timeoutMs && timeoutMs + answerGraceMs },
    );
    if (answer.code !== 0) throw toolError(answer, action);
    return answers.readAction(answer) as answers.ToolResult<Data>;
  }

  /** Runs several tools, one after the other unless `parallel`. A failed action is a result like others, no error. */
  async executeBatch(
    actions: readonly BatchAction[],
    { signal, parallel = false, stopOnError = true }: BatchOptions = {},
  ): Promise<answers.BatchResult> {
    const listed = actions.map(({ action, params = {}, timeoutMs }) => {
      return { action, params, ...inSeconds(timeoutMs) };
    });
    const body = { actions: listed, parallel, stop_on_error: stopOnError };
    const answer = await this.post("/api/v1/execute/batch", body, { signal });
    const { results, ...rest } = answers.camel(answer.data);
    if (!Array.isArray(results)) throw toolError(answer, "executeBatch");
    const { code, message } = answer;
    const read = results.map((result: WireAnswer) => answers.readAction(result));
    return { code, message, ...rest, results: read } as unknown as answers.BatchResult;
  }

  /** Makes a session that this client's calls of the type run in until it is destroyed. One that exists stays as it is. */
  async createSession(
    resourceType: string,
    sessionConfig: Params = {},
    { signal, customName }: CallOptions & { customName?: string | undefined } = {},
  ): Promise<answers.CreatedSession> {
    const body = {
      ...{ resource_type: resourceType, session_config: sessionConfig },
      ...(customName !== undefined && { custom_name: customName }),
    };
    return this.#create("/api/v1/session/create", resourceType, body, { signal });
  }

  /** Resolves when its cleanup has run. @throws TrError `TR_SANDBOX_SESSION` when there is none */
  async destroySession(type: string, options?: CallOptions): Promise<answers.DestroyedSession> {
    return this.session("/api/v1/session/destroy", type, { resource_type: type }, options);
  }

  /** Also those of this client that have expired or were lost, for a while. */
  async listSessions(options?: CallOptions): Promise<answers.SessionList> {
    const path = "/api/v1/session/list";
    const list = await this.session<answers.SessionList>(path, "sessions", {}, options);
    return { ...list, sessions: list.sessions.map((each) => answers.camel(each)) };
  }

  /** Begins the time to live of a session anew; of all without a type. The client does so by itself, see `heartbeatMs`. */
  async refreshSession(type: string, options?: CallOptions): Promise<answers.RefreshedSession>;
  async refreshSession(type?: undefined, options?: CallOptions): Promise<answers.RefreshedSessions>;
  async refreshSession(
    type?: string,
    options?: CallOptions,
  ): Promise<answers.RefreshedSession | answers.RefreshedSessions> {
    const path = "/api/v1/session/refresh";
    if (type !== undefined) return this.session(path, type, { resource_type: type }, options);
    const all = await this.session<answers.RefreshedSessions>(path, "sessions", {}, options);
    return { ...all, details: answers.camelValues(all.details) };
  }

  /** As {@link createSession}, without a name for it. */
  async initResource(
    type: string,
    initConfig: Params = {},
    options?: CallOptions,
  ): Promise<answers.CreatedSession> {
    const body = { resource_type: type, init_config: initConfig };
    return this.#create("/api/v1/init/resource", type, body, options);
  }

  /** Makes sessions, by resource type the config of each. One that failed is a result like others, no error. */
  async initResources(
    configs: Readonly<Record<string, Params>>,
    options?: CallOptions,
  ): Promise<answers.InitResult> {
    const entries = Object.entries(configs).map(([type, content]) => [type, { content }]);
    const body = { resource_configs: Object.fromEntries(entries) };
    return this.#initAll("/api/v1/init/batch", "initResources", body, options);
  }

  /** The same from a file in the folder of the server's config file. @param overrideParams merged into what it says */
  async initFromConfig(
    configPath: string,
    overrideParams: Params = {},
    options?: CallOptions,
  ): Promise<answers.InitResult> {
    const body = { config_path: configPath, override_params: overrideParams };
    return this.#initAll("/api/v1/init/from-config", configPath, body, options);
  }

  /** Destroys every session of this client's `workerId`. */
  async disconnect(options?: CallOptions): Promise<answers.Disconnected> {
    return this.session("/api/v1/worker/disconnect", "disconnect", {}, options);
  }

  /** Says that this client is there. It does not lengthen its sessions' lives: {@link refreshSession} does. */
  async heartbeat(options?: CallOptions): Promise<answers.Beat> {
    return this.session("/api/v1/lifecycle/heartbeat", "heartbeat", {}, options);
  }

  async status(options?: CallOptions): Promise<answers.WorkerStatus> {
    const path = "/api/v1/lifecycle/status";
    const status = await this.session<answers.WorkerStatus>(path, "status", {}, options);
    return { ...status, sessions: answers.camelValues(status.sessions) };
  }

  /** Warms back ends up: those named, or all. Resolves also when some cannot be: see `status`. */
  async warmup(backends?: readonly string[], options?: CallOptions): Promise<answers.WarmupResult> {
    const body = backends === undefined ? {} : { backends };
    const { summary, ...rest } = await this.plain("POST", "/api/v1/warmup", body, options);
    return { ...rest, summary: answers.camel(summary) } as unknown as answers.WarmupResult;
  }

  async warmupStatus(options?: CallOptions): Promise<answers.WarmupStatus> {
    const path = "/api/v1/warmup/status";
    const { backends, summary } = await this.plain("GET", path, undefined, options);
    return { backends: answers.camelValues(backends), summary: answers.camel(summary) };
  }

  async tools({
    includeHidden = false,
    signal,
  }: CallOptions & { includeHidden?: boolean | undefined } = {}): Promise<answers.ToolList> {
    const path = `/api/v1/tools?include_hidden=${includeHidden}`;
    const list = await this.plain<answers.ToolList>("GET", path, undefined, { signal });
    return { ...list, tools: list.tools.map((tool) => answers.camel(tool)) };
  }

  /** One tool. @throws TrError `TR_TOOL_ERROR` (4002) when there is no such one */
  async toolSchema(name: string, options?: CallOptions): Promise<answers.Tool> {
    this.assertOpen();
    const path = `/api/v1/tools/${encodeURIComponent(name)}/schema`;
    const { status, body } = await this.requests.json("GET", path, undefined, options);
    // The server's own 404, for a path that it does not know, has a code.
    const isUnknown = status === 404 && !("code" in Object(body));
    if (!isUnknown) return answers.camel(this.requests.accept(status, body));
    const { message = "there is no such tool" } = Object(body) as { message?: string };
    throw toolError({ code: 4002, message, data: null, meta: {} }, name);
  }

  /** What the server has, if it is ready. @throws TrError `TR_SANDBOX_UNREACHABLE`, `status` 503, when it is not yet */
  async ready(options?: CallOptions): Promise<answers.Ready> {
    return answers.camel(await this.plain("GET", "/ready", undefined, options));
  }

  protected async post(path: string, body: object, options?: RequestOptions): Promise<WireAnswer> {
    this.assertOpen();
    return this.requests.post(path, { worker_id: this.workerId, ...body }, options);
  }

  /** `data` of a route that is about sessions. @param what named in the message of an error */
  protected async session<Data extends object = Record<string, unknown>>(
    path: string,
    what: string,
    body: object,
    options?: CallOptions,
  ): Promise<Data> {
    const answer = await this.post(path, body, options);
    if (answer.code !== 0) throw sessionError(answer, what);
    return answers.camel(answer.data);
  }

  protected async plain<Body = Record<string, unknown>>(
    method: "GET" | "POST",
    path: string,
    body: object | undefined,
    options?: CallOptions,
  ): Promise<Body> {
    this.assertOpen();
    return (await this.requests.plain(method, path, body, options)) as Body;
  }

  async #create(path: string, type: string, body: object, options?: CallOptions) {
    const made = await this.session(path, type, body, options);
    this.onSession();
    const { sessionId, sessionName, resourceType, sessionStatus, status } = made;
    return {
      ...{ sessionId, sessionName, resourceType },
      sessionStatus: sessionStatus ?? status,
    } as answers.CreatedSession;
  }

  async #initAll(path: string, what: string, body: object, options?: CallOptions) {
    const answer = await this.post(path, body, options);
    const { code, message, data } = answer;
    const { results, ...rest } = answers.camel(data);
    if (results === undefined) throw sessionError(answer, what);
    this.onSession();
    const read = answers.camelValues(results);
    return { code, message, ...rest, results: read } as unknown as answers.InitResult;
  }
}

function inSeconds(timeoutMs: number | undefined): { timeout?: number } {
  return timeoutMs === undefined ? {} : { timeout: checkMs("timeoutMs", timeoutMs) / 1000 };
}
