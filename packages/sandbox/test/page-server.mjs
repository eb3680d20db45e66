// A server of the sandbox's HTTP interface as its description has it, with a few tools of its own: for the
// clients' tests. `node page-server.mjs '{"port": 0, …}'` runs it as a program that prints its address.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const envelope = (data, meta = {}, code = 0, message = "success") => ({
  ...{ code, message, data },
  meta: {
    ...{ tool: null, execution_time_ms: 1.5, resource_type: null, session_id: null },
    ...{ trace_id: "t-1", ...meta },
  },
});
const statusOf = ({ code, data }) => {
  if (code === 0) return 200;
  if (code === 5010) return 207;
  if (code === 4007) return data?.session_status === "error" ? 500 : 404;
  return code < 5000 ? 400 : 500;
};

/** @returns the address, what was received, and ways to make trouble */
export async function servePage({ port = 0, token, onShutdown = () => {} } = {}) {
  /** `{ path, body, aborted }` of every request. */
  const received = [];
  const sessions = new Map();
  const state = { token, isReady: true, nextAnswer: undefined };
  const now = () => new Date().toISOString();
  const described = (worker, type) => {
    const found = sessions.get(`${worker} ${type}`);
    return found && { session_id: found.id, session_name: found.name, resource_type: type };
  };
  const ofWorker = (worker) =>
    [...sessions.keys()]
      .filter((key) => key.startsWith(`${worker} `))
      .map((key) => key.split(" ")[1]);

  const tools = {
    "demo:echo": ({ params }) => envelope(params),
    "demo:envelope": () => envelope("own", { own_key: 1 }),
    "demo:refuse": () => envelope({ why: "no" }, {}, 4001, "it will not"),
    "demo:missing": () => envelope(null, {}, 4003, "demo:missing: missing parameter: a"),
    "demo:raise": () => envelope({ traceback: "Traceback …" }, {}, 5005, "ValueError: no"),
    "demo:lost": () => envelope(null, {}, 5011, "the back end has crashed"),
    "demo:gone": () => envelope(null, {}, 4007, "destroyed"),
    async "demo:nap"({ params }) {
      await sleep(params.ms);
      return envelope("rested");
    },
    "demo:die": () => process.exit(7),
    "demo:drop": (_, request) => request.socket.destroy(),
    "demo:half": (_, request) =>
      request.socket.end("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{"),
    "demo:html": () => "<html>",
  };

  async function execute(body, request) {
    const { action, worker_id: worker } = body;
    const tool = tools[action];
    if (!tool) return envelope({ candidates: [] }, {}, 4002, `there is no tool ${action}`);
    const session = described(worker, "demo");
    const answer = await tool(body, request);
    if (typeof answer !== "object") return answer;
    const own = { tool: action, resource_type: "demo", session_id: session?.session_id ?? "s-0" };
    return {
      ...answer,
      meta: { ...answer.meta, ...own, ...(!session && { temporary_session: true }) },
    };
  }

  function create({ worker_id, resource_type, session_config = {}, custom_name }) {
    if (session_config.fails) {
      return envelope({ session_status: "error", error: "no" }, {}, 4007, "initialize failed: no");
    }
    const key = `${worker_id} ${resource_type}`;
    if (sessions.has(key))
      return envelope({ status: "exists", ...described(worker_id, resource_type) });
    sessions.set(key, { id: `s-${sessions.size + 1}`, name: custom_name ?? `${resource_type}_1` });
    return envelope({
      ...described(worker_id, resource_type),
      session_status: "active",
      error: null,
    });
  }

  const routes = {
    "/api/v1/execute": execute,
    async "/api/v1/execute/batch"({ worker_id, actions, stop_on_error, parallel }, request) {
      const results = [];
      for (const action of actions) {
        results.push(await execute({ worker_id, ...action }, request));
        if (results.at(-1).code !== 0 && stop_on_error && !parallel) break;
      }
      const good = results.filter(({ code }) => code === 0).length;
      const code = good === actions.length ? 0 : good === 0 ? 5009 : 5010;
      const data = {
        results,
        total: actions.length,
        executed: results.length,
        success_count: good,
      };
      return envelope(data, {}, code, code === 0 ? "success" : "some failed");
    },
    "/api/v1/session/create": create,
    "/api/v1/session/destroy"({ worker_id, resource_type }) {
      const found = described(worker_id, resource_type);
      if (!found) return envelope(null, {}, 4007, `no session of ${resource_type}`);
      sessions.delete(`${worker_id} ${resource_type}`);
      return envelope({ message: "destroyed", ...found });
    },
    "/api/v1/session/list"({ worker_id }) {
      const list = ofWorker(worker_id).map((type) => ({
        ...described(worker_id, type),
        ...{ status: "active", auto_created: false, created_at: now(), last_activity: now() },
        expires_at: now(),
      }));
      return envelope({ worker_id, sessions: list, count: list.length });
    },
    "/api/v1/session/refresh"({ worker_id, resource_type }) {
      const types = ofWorker(worker_id);
      if (resource_type === undefined) {
        const refreshed_count = types.length;
        const entries = types.map((type) => {
          const { session_id } = described(worker_id, type);
          return [type, { status: "refreshed", session_id, expires_at: now() }];
        });
        const details = Object.fromEntries(entries);
        return envelope({ message: "refreshed", worker_id, refreshed_count, details });
      }
      const found = described(worker_id, resource_type);
      if (!found) return envelope(null, {}, 4007, `no session of ${resource_type}`);
      const { session_id } = found;
      return envelope({ message: "refreshed", resource_type, session_id, expires_at: now() });
    },
    "/api/v1/worker/disconnect"({ worker_id }) {
      const types = ofWorker(worker_id);
      for (const type of types) sessions.delete(`${worker_id} ${type}`);
      return envelope({ worker_id, sessions_cleaned: types.length });
    },
    "/api/v1/lifecycle/heartbeat"({ worker_id }) {
      return envelope({ worker_id, active_sessions: ofWorker(worker_id), timestamp: now() });
    },
    "/api/v1/lifecycle/status"({ worker_id }) {
      const types = ofWorker(worker_id);
      const entries = types.map((type) => {
        const { session_id } = described(worker_id, type);
        return [type, { session_id, status: "active", created_at: now(), last_activity: now() }];
      });
      const byType = Object.fromEntries(entries);
      const active_resources = types;
      return envelope({ worker_id, active_resources, sessions: byType, tools_available: 3 });
    },
    "/api/v1/init/resource": ({ worker_id, resource_type, init_config }) =>
      create({ worker_id, resource_type, session_config: init_config }),
    "/api/v1/init/batch"({ worker_id, resource_configs }) {
      const entries = Object.entries(resource_configs).map(([resource_type, { content }]) => {
        const { code, data } = create({ worker_id, resource_type, session_config: content });
        return [resource_type, { status: code === 0 ? "success" : "error", ...data }];
      });
      const total = entries.length;
      const success_count = entries.filter(([, { status }]) => status === "success").length;
      const code = success_count === total ? 0 : success_count === 0 ? 5009 : 5010;
      const results = Object.fromEntries(entries);
      return envelope({ worker_id, results, total, success_count }, {}, code);
    },
    "/api/v1/init/from-config"({ worker_id, config_path, override_params }) {
      if (config_path === "none") return envelope({ config_path }, {}, 4002, "none: there is none");
      const resource_configs = { [config_path]: { content: override_params } };
      return routes["/api/v1/init/batch"]({ worker_id, resource_configs });
    },
    "/api/v1/warmup": ({ backends = ["demo"] }) => ({
      status: "success",
      results: Object.fromEntries(backends.map((name) => [name, true])),
      summary: { total: backends.length, warmed_up: backends.length, pending: 0 },
    }),
    "/api/v1/warmup/status": () => ({
      backends: { my_demo: { loaded: true, warmed_up: false } },
      summary: { total: 1, warmed_up: 0, pending: 1 },
    }),
    "/api/v1/tools": (_, { url }) => ({
      tools: [
        {
          ...{ name: "echo", full_name: "demo:echo", resource_type: "demo", stateless: false },
          ...{ description: url, parameters: { type: "object", properties: { a_b: {} } } },
        },
      ],
      count: 1,
    }),
    "/api/v1/server/shutdown"() {
      setImmediate(async () => {
        await state.beforeEnd;
        server.close();
        server.closeAllConnections();
        onShutdown();
      });
      return { status: "success", message: "bye", sessions_cleaned: sessions.size };
    },
  };

  function routeOf(path) {
    const name = /^\/api\/v1\/tools\/(.+)\/schema$/.exec(path)?.[1];
    if (name === undefined) return routes[path];
    const full = decodeURIComponent(name);
    return () =>
      full in tools
        ? { full_name: full, parameters: {} }
        : [404, { status: "error", message: `no ${full}` }];
  }

  const server = createServer(async (request, response) => {
    const [path] = request.url.split("?");
    const send = (status, body) => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(typeof body === "string" ? body : JSON.stringify(body));
    };
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    const entry = { path, body: text === "" ? undefined : JSON.parse(text), aborted: false };
    received.push(entry);
    response.on("close", () => (entry.aborted = !response.writableFinished));
    if (state.token && request.headers.authorization !== `Bearer ${state.token}`) {
      return send(401, { status: "error", code: "UNAUTHORIZED", message: "expected a token" });
    }
    if (state.nextAnswer) {
      const [status, body] = state.nextAnswer;
      state.nextAnswer = undefined;
      return send(status, body);
    }
    if (path === "/ready") {
      if (!state.isReady) return send(503, { status: "starting" });
      const counts = { tools_count: 3, active_workers: 1, total_sessions: sessions.size };
      return send(200, { status: "ready", ...counts });
    }
    const route = routeOf(path);
    if (!route) return send(404, { status: "error", code: "NOT_FOUND", message: `no ${path}` });
    const answer = await route(entry.body, request);
    if (response.destroyed || answer === undefined || typeof answer?.on === "function") return;
    if (typeof answer === "string") return send(200, answer);
    if (Array.isArray(answer)) return send(...answer);
    send("code" in answer ? statusOf(answer) : 200, answer);
  });
  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const close = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  const address = server.address();
  return { url: `http://127.0.0.1:${address.port}`, port: address.port, received, state, close };
}

if (process.argv[1] === import.meta.filename) {
  try {
    const { delayMs = 0, ...options } = JSON.parse(process.argv[2] ?? "{}");
    const folder = join(process.env.TR_STATE_DIR, "servers");
    const note = join(folder, `${process.pid}.json`);
    process.once("exit", () => rmSync(note, { force: true }));
    if (options.pidFile) writeFileSync(options.pidFile, String(process.pid));
    await sleep(delayMs);
    const page = await servePage({
      ...options,
      token: options.token === true ? process.env.TR_GATEWAY_TOKEN : options.token,
    });
    const told = { url: page.url, pid: process.pid, startId: process.env.TR_START_ID };
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(note, JSON.stringify(told), { mode: 0o600 });
    if (options.isReady === false) page.state.isReady = false;
    console.log(`listening at ${page.url}`);
  } catch (error) {
    console.error(`cannot listen: ${error.code}`);
    process.exitCode = 1;
  }
}
