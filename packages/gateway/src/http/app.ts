import swagger from "@fastify/swagger";
import Fastify, {
  type FastifyInstance,
  LogController,
  type RawReplyDefaultExpression,
  type RawRequestDefaultExpression,
  type RawServerDefault,
} from "fastify";
import {
  jsonSchemaTransform,
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from "fastify-type-provider-zod";
import type { Logger } from "pino";
import { answerErrors, answerFrameworkError } from "./errors.js";

/** The HTTP server that modules add their routes to. Schemas are zod's. */
export type App = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  Logger,
  ZodTypeProvider
>;

export interface AppOptions {
  readonly log: Logger;
  readonly maxBodyBytes: number;
}

/** How long a client may take, in ms. */
const headersTimeoutMs = 8000;
const requestTimeoutMs = 12_000;
const keepAliveTimeoutMs = 5000;
/** How long it may read nothing of an answer that is no stream. Node drops it when this is over for the second time. */
const answerStallMs = 14_000;

/** Routes are to be added in a plugin, or the document at /openapi.json does not have them. */
export function createApp({ log, maxBodyBytes }: AppOptions): App {
  const fastify = Fastify({
    loggerInstance: log,
    // One line for each answer is written by the gateway, without the query.
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: maxBodyBytes,
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: keepAliveTimeoutMs,
    // Slow sockets are looked for each second; Node's default is every 30.
    http: { headersTimeout: headersTimeoutMs, connectionsCheckingInterval: 1000 },
    exposeHeadRoutes: false,
    frameworkErrors: answerFrameworkError,
  });
  const app = fastify.withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  answerErrors(app);
  app.addHook("onSend", async (request) => {
    // Node destroys a socket that is idle for so long, and sets its own limit again for the next request.
    request.raw.socket.setTimeout(answerStallMs);
  });
  app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: { title: "@tr/gateway", version: "1", description: "Python agents over HTTP" },
      components: { securitySchemes: { token: { type: "http", scheme: "bearer" } } },
      security: [{ token: [] }],
    },
    transform: jsonSchemaTransform,
  });
  app.register(async (scope) => {
    scope.get("/openapi.json", { schema: { hide: true } }, () => app.swagger());
  });
  return app;
}
