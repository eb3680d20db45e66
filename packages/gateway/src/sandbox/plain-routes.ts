import { z } from "zod";
import type { App } from "../http/app.js";
import { errorBody } from "../http/errors.js";
import type { SandboxCore } from "./core.js";
import { answers, bodies, envelope } from "./schemas.js";

const refusals = { 401: errorBody, 403: errorBody };
const faults = { 400: envelope, 413: envelope, 415: envelope, 500: envelope, 503: errorBody };

/** Ends the server as its `close()` does; with `force`, what runs gets no time. */
export type Stop = (how: { force: boolean }) => void;

/** The routes that answer without the envelope. */
export function plainRoutes(scope: App, core: SandboxCore, stop: Stop): void {
  scope.get(
    "/tools",
    {
      config: { tool: "tools:list" },
      schema: {
        summary: "All tools",
        querystring: z.object({ include_hidden: z.stringbool().optional() }),
        response: { 200: answers.tools, 400: envelope, 503: errorBody, ...refusals },
      },
    },
    ({ query }) => core.tools({ includeHidden: query.include_hidden === true }),
  );
  scope.get(
    "/tools/:name/schema",
    {
      config: { tool: "tools:schema" },
      schema: {
        summary: "One tool",
        params: z.object({ name: z.string() }),
        response: { 200: answers.tool, 404: answers.noTool, 503: errorBody, ...refusals },
      },
    },
    ({ params: { name } }, reply) => {
      const tool = core.toolSchema(name);
      if (tool !== undefined) return tool;
      void reply.code(404);
      return { status: "error" as const, message: notOne(core, name) };
    },
  );
  scope.post(
    "/warmup",
    {
      config: { tool: "warmup" },
      schema: {
        summary: "Warm up back ends: those that are named, else all",
        body: bodies.warmup,
        response: { 200: answers.warmup, ...faults, ...refusals },
      },
    },
    ({ body }) => core.warmup(body),
  );
  scope.get(
    "/warmup/status",
    {
      schema: {
        summary: "Which back ends are loaded and warm",
        response: { 200: answers.warmupStatus, ...refusals },
      },
    },
    () => core.warmupStatus(),
  );
  scope.post(
    "/server/shutdown",
    {
      config: { tool: "server:shutdown" },
      schema: {
        summary: "End the server: all its groups of routes",
        body: bodies.shutdown,
        response: { 200: answers.shutdown, ...faults, ...refusals },
      },
    },
    ({ body }, reply) => {
      const answer = core.shutdown(body);
      reply.header("connection", "close").raw.once("close", () => stop(body));
      return answer;
    },
  );
}

function notOne(core: SandboxCore, name: string): string {
  const { tools } = core.tools({ includeHidden: true });
  const called = tools.filter((tool) => tool.name === name).map(({ full_name }) => full_name);
  const quoted = JSON.stringify(name);
  return called.length > 1
    ? `more than one tool is called ${quoted}: ${called.join(", ")}`
    : `there is no tool ${quoted}; GET /api/v1/tools lists them`;
}
