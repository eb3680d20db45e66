import { type Answer, answerOf, codes, type SandboxSnapshot, success } from "@tr/sandbox/server";
import type { SandboxCore } from "../src/sandbox/core.js";

const tool = (name: string, description: string, parameters: object = { type: "object" }) => ({
  ...{ name, full_name: `rag:${name}`, resource_type: "rag", stateless: false },
  ...{ description, parameters, hidden: false },
});
const echo = tool("echo", "Gives it back.", {
  type: "object",
  properties: {
    text: { type: "string", description: "what comes back" },
    times: { type: "integer", default: 1 },
    mode: { enum: ["loud", "soft"], default: "soft" },
    isKept: { type: "boolean", default: false },
    more: { anyOf: [{ type: "object" }, { type: "null" }], default: null },
  },
  required: ["text"],
});
const tools = [
  echo,
  tool("plot", "Draws a picture."),
  tool("nap", "Ends when it is cancelled."),
  tool("fail", "Fails."),
  { ...echo, full_name: "echo", resource_type: null, stateless: true },
];
/** Of one red pixel. */
const png =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==";

/** A core without processes: `rag:echo` gives its arguments back, `rag:nap` ends when it is cancelled. */
export class FakeCore implements SandboxCore {
  /** What was asked of it, in order. */
  readonly asked: [string, unknown][] = [];
  trouble: string | undefined;
  restarts = 2;
  sessions: SandboxSnapshot["sessions"] = [];

  starting: Promise<void> = Promise.resolve();

  start(): Promise<void> {
    return this.starting;
  }

  async execute(
    body: Parameters<SandboxCore["execute"]>[0],
    { signal }: { signal?: AbortSignal } = {},
  ): Promise<Answer> {
    const answer = this.#note("execute", body.action, body);
    if (body.action === "rag:plot") {
      return { ...answer, data: { figures: [png, `data:image/png;base64,${png}`], rows: [1] } };
    }
    if (body.action === "rag:fail") {
      return { ...answer, code: codes.unexpectedError, message: "ValueError: no", data: null };
    }
    if (body.action !== "rag:nap") return { ...answer, data: body.params };
    await new Promise<void>((resolve) => {
      if (signal?.aborted) resolve();
      signal?.addEventListener("abort", () => resolve());
    });
    this.asked.push(["cancelled", body.action]);
    return { ...answer, code: codes.noSession, message: "cancelled" };
  }

  async executeBatch(body: Parameters<SandboxCore["executeBatch"]>[0]): Promise<Answer> {
    const results = body.actions.map(({ action }) => this.#note("execute", action, body));
    const answer = this.#note("executeBatch", "batch:execute", body);
    return { ...answer, code: codes.partialFailure, data: { results } };
  }

  createSession = async (body: unknown) => this.#note("createSession", "session:create", body);
  destroySession = async (body: unknown) => this.#note("destroySession", "session:destroy", body);
  listSessions = async (body: unknown) => this.#note("listSessions", "session:list", body);
  refreshSession = async (body: unknown) => this.#note("refreshSession", "session:refresh", body);
  disconnect = async (body: unknown) => this.#note("disconnect", "session:disconnect", body);
  heartbeat = async (body: unknown) => this.#note("heartbeat", "session:heartbeat", body);
  status = async (body: unknown) => this.#note("status", "session:status", body);
  initResource = async (body: unknown) => this.#note("initResource", "init:resource", body);
  initBatch = async (body: unknown) => this.#note("initBatch", "init:batch", body);
  initFromConfig = async (body: unknown) => this.#note("initFromConfig", "init:from_config", body);

  tools({ includeHidden }: { includeHidden?: boolean } = {}) {
    this.asked.push(["tools", includeHidden]);
    return { tools, count: tools.length };
  }

  toolSchema(name: string) {
    return tools.find(({ full_name }) => full_name === name);
  }

  async warmup(body: unknown) {
    this.#note("warmup", "warmup", body);
    const summary = { total: 1, warmed_up: 1, pending: 0 };
    return { status: "success" as const, results: { rag: true }, summary };
  }

  warmupStatus() {
    const summary = { total: 1, warmed_up: 1, pending: 0 };
    return { backends: { rag: { loaded: true, warmed_up: true } }, summary };
  }

  ready() {
    return { status: "ready" as const, tools_count: 1, active_workers: 0, total_sessions: 0 };
  }

  shutdown(body = {}) {
    this.asked.push(["shutdown", body]);
    return { status: "success" as const, message: "the server ends", sessions_cleaned: 0 };
  }

  async close(): Promise<void> {
    this.asked.push(["close", null]);
  }

  snapshot(): SandboxSnapshot {
    const rag = { name: "rag", kind: "resource", isolation: "shared", phase: "ready" } as const;
    const backEnd = {
      ...rag,
      loaded: true,
      warmedUp: true,
      pid: 1,
      restarts: this.restarts,
      warmups: 3,
    };
    const failed = { name: "vm", kind: "resource", isolation: "session", phase: "failed" } as const;
    const vm = {
      ...failed,
      loaded: true,
      warmedUp: false,
      restarts: 0,
      warmups: 0,
      error: "no vm",
    };
    const api = { name: "tools", kind: "api", phase: "ready", loaded: true } as const;
    const module = { ...api, warmedUp: true, pid: 2, restarts: 0 };
    return { backEnds: [backEnd, vm, module], sessions: this.sessions, tools };
  }

  health(): string | undefined {
    return this.trouble;
  }

  #note(method: string, tool: string, body: unknown): Answer {
    this.asked.push([method, body]);
    return answerOf(success(null), { tool, execution_time_ms: 1 });
  }
}
