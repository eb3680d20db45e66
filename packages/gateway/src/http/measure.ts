import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { App } from "./app.js";

const seconds = [0.001, 0.005, 0.02, 0.1, 0.5, 1, 5, 30, 120, 300];

/** Counts and logs every answer when it is over, by its route: what a path or query holds is in neither. */
export function measureRequests(app: App, registry: Registry): void {
  const registers = [registry];
  const labelNames = ["method", "route", "status"] as const;
  const requests = { name: "tr_http_requests_total", help: "Requests that are over" };
  const lasted = {
    name: "tr_http_request_seconds",
    help: "How long they lasted, streams included",
  };
  const total = new Counter({ ...requests, labelNames, registers });
  const duration = new Histogram({ ...lasted, labelNames: ["route"], buckets: seconds, registers });
  new Gauge({
    ...{ name: "process_resident_memory_bytes", help: "Memory of the gateway itself", registers },
    collect() {
      this.set(process.memoryUsage.rss());
    },
  });
  app.addHook("onRequest", async ({ method, routeOptions, log }, reply) => {
    const started = performance.now();
    // Of the response itself, for that of a stream is none of Fastify's.
    reply.raw.once("close", () => {
      const ms = performance.now() - started;
      const route = routeOptions.url ?? "none";
      const status = reply.raw.statusCode;
      total.inc({ method, route, status });
      duration.observe({ route }, ms / 1000);
      log.debug({ method, route, status, ms: Math.round(ms) }, "answered");
    });
  });
}
