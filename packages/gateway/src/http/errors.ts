import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import { hasZodFastifySchemaValidationErrors } from "fastify-type-provider-zod";
import { z } from "zod";
import type { App } from "./app.js";

/** The body of every answer that is an error. */
export const errorBody = z.object({
  status: z.literal("error"),
  code: z.string().describe("what happened, for programs"),
  message: z.string().describe("the same for people"),
  field: z.string().optional().describe("the field of the request that is wrong"),
});

export type ErrorBody = z.infer<typeof errorBody>;

/** An answer that is an error. */
export class HttpError extends Error {
  readonly statusCode: number;
  readonly body: ErrorBody;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    statusCode: number,
    code: string,
    message: string,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.statusCode = statusCode;
    this.body = { status: "error", code, message };
    this.headers = headers;
  }
}

/** Every error is answered in one shape, and none tells what is inside. */
export function answerErrors(app: App): void {
  app.setNotFoundHandler((request, reply) => {
    const message = `there is no ${request.method} ${request.url.split("?")[0]}`;
    void reply.code(404).send({ status: "error", code: "NOT_FOUND", message });
  });
  app.setErrorHandler<FastifyError>((error, request, reply) => {
    if (error instanceof HttpError) {
      return reply.code(error.statusCode).headers(error.headers).send(error.body);
    }
    if (hasZodFastifySchemaValidationErrors(error)) {
      return reply.code(400).send(invalidRequest(error));
    }
    const status = error.statusCode ?? 500;
    if (status < 500) {
      return reply.code(status).send({ status: "error", code: error.code, message: error.message });
    }
    request.log.error({ err: error }, "a request has failed");
    const message = "the gateway failed; see its log";
    return reply.code(500).send({ status: "error", code: "INTERNAL", message });
  });
}

/** What is wrong before there is a route, as a path that is no text. */
export function answerFrameworkError(
  { statusCode = 400, code, message }: FastifyError,
  _: FastifyRequest,
  reply: FastifyReply,
): void {
  void reply.code(statusCode).send({ status: "error", code, message });
}

function invalidRequest({
  validation: [issue],
  validationContext = "body",
}: {
  validation: { instancePath: string; message?: string | undefined }[];
  validationContext?: string | undefined;
}): ErrorBody {
  const field = issue?.instancePath.slice(1).replaceAll("/", ".") ?? "";
  const place = field === "" ? `the ${validationContext}` : field;
  const message = `${place}: ${issue?.message ?? "is not valid"}`;
  return { status: "error", code: "INVALID_REQUEST", message, ...(field !== "" && { field }) };
}
