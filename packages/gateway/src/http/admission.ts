import { createHash, timingSafeEqual } from "node:crypto";
import type { FastifyRequest } from "fastify";
import type { App } from "./app.js";
import { HttpError } from "./errors.js";

export interface Admission {
  /** `undefined`: everybody is let in who comes by an allowed host. */
  readonly token: string | undefined;
  /** Host names besides those of loopback, without a port. */
  readonly allowedHosts: readonly string[];
  /** Origins whose pages may call, as `https://example.org`. */
  readonly corsOrigins: readonly string[];
}

declare module "fastify" {
  interface FastifyContextConfig {
    /** True: the route asks for no token; host and origin are checked all the same. */
    readonly isPublic?: boolean;
  }
}

const loopback = ["127.0.0.1", "localhost", "[::1]"];

/**
 * Checks every request before anything else of it is looked at: its host, so that a page which has its own
 * name point here (DNS rebinding) is not answered; its origin, where a browser says one; its token.
 */
export function admit(app: App, { token, allowedHosts, corsOrigins }: Admission): void {
  const hosts = new Set([...loopback, ...allowedHosts.map((host) => host.toLowerCase())]);
  const origins = new Set(corsOrigins);
  const expected = token === undefined ? undefined : digest(token);

  app.addHook("onRequest", async (request, reply) => {
    const { host, origin } = request.headers;
    const own = nameOf(host);
    if (own === undefined || !hosts.has(own)) {
      throw new HttpError(
        403,
        "HOST_NOT_ALLOWED",
        "this host name is not allowed here (server.allowed_hosts)",
      );
    }
    if (origin !== undefined) {
      const isListed = origins.has(origin);
      if (!isListed && origin !== `http://${host}` && origin !== `https://${host}`) {
        throw new HttpError(
          403,
          "ORIGIN_NOT_ALLOWED",
          "pages of this origin are not allowed here (server.cors_origins)",
        );
      }
      if (isListed) {
        reply.headers({ "access-control-allow-origin": origin, vary: "Origin" });
        if (isPreflight(request)) {
          return reply
            .code(204)
            .headers({
              "access-control-allow-methods": "GET, POST, DELETE",
              "access-control-allow-headers": "authorization, content-type, last-event-id",
              "access-control-max-age": "600",
            })
            .send();
        }
      }
    }
    if (expected === undefined || request.routeOptions.config.isPublic === true) return;
    const given = /^bearer +(.+)$/i.exec(request.headers.authorization ?? "")?.[1];
    if (given === undefined || !timingSafeEqual(digest(given), expected)) {
      const message = "expected the header Authorization: Bearer <token>";
      throw new HttpError(401, "UNAUTHORIZED", message, { "www-authenticate": "Bearer" });
    }
  });
}

function isPreflight({ method, headers }: FastifyRequest): boolean {
  return method === "OPTIONS" && headers["access-control-request-method"] !== undefined;
}

/** A host header's name without its port. */
function nameOf(host: string | undefined): string | undefined {
  return /^(\[[0-9a-f:.]+\]|[^:[\]/@\s]+)(?::\d+)?$/i.exec(host ?? "")?.[1]?.toLowerCase();
}

/** Of equal length for texts of any, as the comparison in constant time needs it. */
function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
