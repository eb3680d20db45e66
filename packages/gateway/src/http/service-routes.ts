import type { Registry } from "prom-client";
import { z } from "zod";
import type { GatewayModule } from "../gateway-module.js";
import type { App } from "./app.js";
import { errorBody } from "./errors.js";

const health = z.looseObject({
  status: z.enum(["healthy", "unhealthy"]),
  timestamp: z.string().describe("ISO 8601, UTC"),
  reason: z.string().optional(),
});
const refusals = { 401: errorBody, 403: errorBody };

/** What is asked by who watches over the server. */
export function serviceRoutes(
  app: App,
  modules: readonly GatewayModule[],
  metrics: Registry,
  isDraining: () => boolean,
): void {
  app.get(
    "/health",
    {
      schema: {
        summary: "Whether a request could be served now",
        response: { 200: health, 503: health, ...refusals },
      },
    },
    (_, reply) => {
      const told = modules.map((module) => module.health());
      const troubles = told.flatMap(({ trouble }) => trouble ?? []);
      if (isDraining()) troubles.push("the server is shutting down");
      const isHealthy = troubles.length === 0;
      void reply.code(isHealthy ? 200 : 503);
      return {
        status: isHealthy ? ("healthy" as const) : ("unhealthy" as const),
        timestamp: new Date().toISOString(),
        ...(!isHealthy && { reason: troubles.join("; ") }),
        ...Object.assign({}, ...told.map(({ fields }) => fields)),
      };
    },
  );
  app.get(
    "/metrics",
    {
      schema: {
        summary: "Prometheus' text format",
        response: {
          200: { description: "metrics", content: { "text/plain": { schema: z.string() } } },
          ...refusals,
        },
      },
    },
    async (_, reply) => reply.type(metrics.contentType).send(await metrics.metrics()),
  );
}
