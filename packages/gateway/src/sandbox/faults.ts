import { type Answer, answerOf, codes, failure } from "@tr/sandbox/server";
import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import { hasZodFastifySchemaValidationErrors } from "fastify-type-provider-zod";
import type { App } from "../http/app.js";
import { HttpError } from "../http/errors.js";

declare module "fastify" {
  interface FastifyContextConfig {
    /** What `meta.tool` says of a request that got no further than its body. */
    readonly tool?: string;
  }
}

interface Issue {
  readonly instancePath: string;
  readonly keyword?: string;
  readonly message?: string;
  readonly params?: unknown;
}

/** What is wrong with a request is told in the envelope that clients of the sandbox read. */
export function answerFaults(scope: App): void {
  scope.setErrorHandler<FastifyError>((error, request, reply) => {
    if (error instanceof HttpError) throw error; // of admission: told as everywhere
    const { statusCode = 500 } = error;
    if (hasZodFastifySchemaValidationErrors(error)) {
      const [issue] = error.validation;
      const { code, message, field } = faultOf(issue as Issue);
      return sendAnswer(reply, 400, fault(request, reply, code, message, { field }));
    }
    if (statusCode < 500) {
      const { message } = error;
      return sendAnswer(reply, statusCode, fault(request, reply, codes.badRequest, message, null));
    }
    request.log.error({ err: error }, "a request has failed");
    const message = "the gateway failed; see its log";
    return sendAnswer(reply, 500, fault(request, reply, codes.internal, message, null));
  });
}

/** Without a schema: what tools give is not walked through once more. */
export function sendAnswer(reply: FastifyReply, status: number, answer: object): FastifyReply {
  const json = JSON.stringify(answer);
  return reply.code(status).type("application/json; charset=utf-8").send(json);
}

function faultOf({ instancePath, keyword, message = "is not valid", params }: Issue): {
  code: number;
  message: string;
  field: string | null;
} {
  const field = instancePath.slice(1).replaceAll("/", ".");
  if (field === "") return { code: codes.badRequest, message: `the body: ${message}`, field: null };
  if (keyword !== "invalid_type") {
    return { code: codes.invalidInput, message: `${field}: ${message}`, field };
  }
  if (message.endsWith("received undefined")) {
    const { expected } = params as { expected: string };
    return { code: codes.missingField, message: `${field}: it is missing (${expected})`, field };
  }
  return { code: codes.wrongType, message: `${field}: ${message}`, field };
}

function fault(
  { body, routeOptions }: FastifyRequest,
  reply: FastifyReply,
  ...[code, message, data]: Parameters<typeof failure>
): Answer {
  const asked = (body as { trace_id?: unknown } | null | undefined)?.trace_id;
  return answerOf(failure(code, message, data), {
    tool: routeOptions.config.tool ?? "request",
    resource_type: "session",
    execution_time_ms: Math.round(reply.elapsedTime),
    ...(typeof asked === "string" && { trace_id: asked }),
  });
}
