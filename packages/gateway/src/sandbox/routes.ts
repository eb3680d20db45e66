import { type Answer, httpStatusOf } from "@tr/sandbox/server";
import type { FastifyReply } from "fastify";
import type { z } from "zod";
import type { App } from "../http/app.js";
import { errorBody } from "../http/errors.js";
import type { Calls } from "./calls.js";
import type { SandboxCore } from "./core.js";
import { sendAnswer } from "./faults.js";
import type { SandboxMetrics } from "./metrics.js";
import { bodies, envelope } from "./schemas.js";

const faults = { 400: envelope, 413: envelope, 415: envelope, 500: envelope };
const refusals = { 401: errorBody, 403: errorBody, 503: errorBody };

/** The routes that answer in the envelope. */
export function envelopeRoutes(
  scope: App,
  core: SandboxCore,
  calls: Calls,
  metrics: SandboxMetrics,
): void {
  /** `more`: statuses besides those that every route has. */
  function post<Body extends z.ZodType>(
    path: string,
    [tool, summary]: readonly [string, string],
    body: Body,
    run: (body: z.output<Body>, reply: FastifyReply) => Promise<Answer>,
    more: readonly (207 | 404)[] = [],
  ): void {
    const others = Object.fromEntries(more.map((status) => [status, envelope]));
    const response = { 200: envelope, ...others, ...faults, ...refusals };
    scope.post(
      path,
      { config: { tool }, schema: { summary, body, response } },
      async (request, reply) => {
        const answer = await run(request.body as z.output<Body>, reply);
        return sendAnswer(reply, httpStatusOf(answer), answer);
      },
    );
  }

  post(
    "/execute",
    ["execute", "Run a tool: in its session where there is one, else in a temporary one"],
    bodies.execute,
    async (body, reply) => {
      const answer = await calls.run(reply, (signal) => core.execute(unlimited(body), { signal }));
      metrics.called(answer);
      return answer;
    },
    [404],
  );
  post(
    "/execute/batch",
    ["batch:execute", "Run several tools, one after the other or at once"],
    bodies.executeBatch,
    async (body, reply) => {
      const all = { ...body, actions: body.actions.map(unlimited) };
      const answer = await calls.run(reply, (signal) => core.executeBatch(all, { signal }));
      const { results } = answer.data as { results?: Answer[] };
      for (const result of results ?? []) metrics.called(result);
      return answer;
    },
    [207],
  );

  post(
    "/session/create",
    ["session:create", "Begin a session, or say that there is one"],
    bodies.createSession,
    (body) => core.createSession(body),
    [404],
  );
  post(
    "/session/destroy",
    ["session:destroy", "End a session"],
    bodies.ofResource,
    (body) => core.destroySession(body),
    [404],
  );
  post("/session/list", ["session:list", "A worker's sessions"], bodies.ofWorker, async (body) =>
    core.listSessions(body),
  );
  post(
    "/session/refresh",
    ["session:refresh", "Let a session, or all of a worker's, live on"],
    bodies.refresh,
    async (body) => core.refreshSession(body),
    [404],
  );
  post(
    "/worker/disconnect",
    ["session:disconnect", "End all sessions of a worker"],
    bodies.ofWorker,
    (body) => core.disconnect(body),
  );
  post(
    "/lifecycle/heartbeat",
    ["session:heartbeat", "Which sessions a worker has; it prolongs none"],
    bodies.ofWorker,
    async (body) => core.heartbeat(body),
  );
  post(
    "/lifecycle/status",
    ["session:status", "A worker's sessions, and how many tools there are"],
    bodies.ofWorker,
    async (body) => core.status(body),
  );

  post(
    "/init/resource",
    ["init:resource", "Begin a session with a config"],
    bodies.initResource,
    (body) => core.initResource(body),
    [404],
  );
  post(
    "/init/batch",
    ["init:batch", "Begin several sessions"],
    bodies.initBatch,
    (body) => core.initBatch(body),
    [207],
  );
  post(
    "/init/from-config",
    ["init:from_config", "Begin sessions that a file of the server's says"],
    bodies.initFromConfig,
    (body) => core.initFromConfig(body),
    [207, 404],
  );
}

/** A time-out of 0 is none. */
function unlimited<Call extends { timeout?: number | undefined }>(call: Call): Call {
  return call.timeout === 0 ? { ...call, timeout: undefined } : call;
}
