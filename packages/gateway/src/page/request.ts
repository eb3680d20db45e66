import { token } from "./token.js";

/** The gateway has answered with an error. */
export class Refused extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
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
  throw new Refused(response.status, String(body.message ?? `HTTP status ${response.status}`));
}
