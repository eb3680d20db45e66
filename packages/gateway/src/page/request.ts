import { token } from "./token.js";

/** The gateway has answered with an error. */
export class Refused extends Error {
  readonly status: number;
  /** The whole answer, where it is JSON. */
  readonly body: unknown;

  constructor(status: number, message: string, body?: unknown) {
    super(message);
    this.status = status;
    this.body = body;
  }
}

/** As `fetch`, with the token. @throws Refused, and TypeError when the gateway cannot be reached. */
export async function request(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  const own = token();
  if (own !== undefined) {
    if (!/^[\x21-\x7e]+$/.test(own)) throw new Refused(401, "no token has such characters");
    headers.set("authorization", `Bearer ${own}`);
  }
  const response = await fetch(path, { ...init, headers, cache: "no-store", redirect: "error" });
  if (response.ok) return response;
  const body = (await response.json().catch(() => ({}))) as { message?: unknown };
  const message = String(body.message ?? `HTTP status ${response.status}`);
  throw new Refused(response.status, message, body);
}
