import { TrError } from "@tr/pool";
import { createSandbox, type SandboxOptions, type SandboxSnapshot } from "@tr/sandbox/server";
import { withVariables } from "../config/environment.js";
import type { GatewayContext, GatewayModule } from "../gateway-module.js";
import type { App } from "../http/app.js";
import { errorBody, HttpError } from "../http/errors.js";
import { Calls } from "./calls.js";
import type { SandboxCore } from "./core.js";
import { answerFaults } from "./faults.js";
import { sandboxMetrics } from "./metrics.js";
import { plainRoutes, type Stop } from "./plain-routes.js";
import { readBodies } from "./read-body.js";
import { envelopeRoutes } from "./routes.js";
import { answers } from "./schemas.js";

/** The sandbox, and what it is doing for who shows it. */
export interface SandboxModule extends GatewayModule {
  snapshot(): SandboxSnapshot;
  /** Why something of it is not served. */
  trouble(): string | undefined;
}

export interface SandboxModuleOptions {
  /** Of a request: it may carry images and tensors. Default: 64 MiB. */
  readonly maxBodyBytes?: number | undefined;
  readonly stop: Stop;
}

/** The routes at /api/v1 over back ends in Python. @throws TrError `TR_INVALID_ARGUMENT`. */
export function createSandboxModule(
  options: SandboxOptions,
  context: GatewayContext,
  how: SandboxModuleOptions,
): SandboxModule {
  // The files of `init/from-config` are to the sandbox what the config file is to the server.
  const substitute = (config: Record<string, unknown>) =>
    withVariables(config, process.env) as Record<string, unknown>;
  const core = asOption(() => createSandbox(options, { log: context.log, substitute }));
  return sandboxModule(core, context, how);
}

/** What is wrong with an option is said by its name among the gateway's. */
function asOption<Made>(make: () => Made): Made {
  try {
    return make();
  } catch (error) {
    if (!TrError.is(error, "TR_INVALID_ARGUMENT")) throw error;
    throw new TrError(error.code, error.message.replace(/^option /, "option sandbox."));
  }
}

/** The same over any core. */
export function sandboxModule(
  core: SandboxCore,
  { metrics: registry }: GatewayContext,
  { maxBodyBytes = 64 * 2 ** 20, stop }: SandboxModuleOptions,
): SandboxModule {
  const calls = new Calls();
  const metrics = sandboxMetrics(registry, core);
  const ending = new AbortController();
  let started: Promise<void> | undefined;
  let isReady = false;
  let failure: Error | undefined;
  const start = async () => {
    try {
      await core.start({ signal: ending.signal });
      isReady = true;
    } catch (error) {
      failure = error as Error;
      throw error;
    }
  };
  const trouble = () => {
    const why = failure?.message ?? core.health();
    return why ?? (isReady ? undefined : "the back ends are being started");
  };
  /** @throws HttpError 503 */
  const assertReady = () => {
    if (ending.signal.aborted) {
      throw new HttpError(503, "SHUTTING_DOWN", "the server is shutting down");
    }
    if (isReady) return;
    throw new HttpError(503, "NOT_READY", trouble() ?? "", { "retry-after": "1" });
  };
  return {
    snapshot: () => core.snapshot(),
    trouble,
    register(app: App) {
      app.register(
        async (scope: App) => {
          answerFaults(scope);
          readBodies(scope, maxBodyBytes);
          // Until everything is loaded nobody knows which tools there are.
          scope.addHook("preHandler", async ({ method, routeOptions: { config } }) => {
            const isOfTools = config.tool?.startsWith("tools:");
            if (isOfTools || (method === "POST" && config.tool !== "server:shutdown"))
              assertReady();
          });
          envelopeRoutes(scope, core, calls, metrics);
          plainRoutes(scope, core, stop);
        },
        { prefix: "/api/v1" },
      );
      app.get(
        "/ready",
        {
          schema: {
            summary: "How much the sandbox has",
            response: { 200: answers.ready, 401: errorBody, 403: errorBody, 503: errorBody },
          },
        },
        () => {
          assertReady();
          return core.ready();
        },
      );
    },
    health: () => ({ trouble: trouble(), fields: {} }),
    async ready(signal) {
      started ??= start();
      await until(started, signal);
    },
    async drain(deadline) {
      ending.abort();
      await calls.drain(deadline);
    },
    close: () => core.close(),
  };
}

/** @throws the signal's reason when that aborts before */
async function until(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
