import { randomBytes } from "node:crypto";
import type { SandboxOptions } from "@tr/sandbox/server";
import type { ChatOptions } from "./chat/options.js";
import { invalidOption, longestTimerMs, wholeNumber } from "./check-option.js";
import type { LogOptions } from "./log.js";
import type { TasksOptions } from "./tasks/options.js";

/** How a gateway is made. Times are milliseconds. */
export interface GatewayOptions {
  /** The address to listen at. Default: `"127.0.0.1"`. */
  host?: string;
  /** 0: any that is free. Default: 18890. */
  port?: number;
  /** `"none"`: no request needs a token; with a loopback address only. Default: `"token"`. */
  auth?: "token" | "none";
  /** What clients send as `Authorization: Bearer …`, at least 16 characters. Default: a random one, see `Gateway.token`. */
  token?: string;
  /** Names that clients may use for this host, without a port, besides those of loopback. Default: the `host`, where it is none of those that mean every address. */
  allowedHosts?: readonly string[];
  /** Origins whose pages may call, as `https://example.org`. Default: none. */
  corsOrigins?: readonly string[];
  /** The largest request. Default: 1 MiB; of the sandbox, whose requests may carry tensors, 64 MiB. */
  maxBodyBytes?: number;
  /** How long what runs may go on when the gateway is closed. Default: 10,000. */
  drainMs?: number;
  log?: LogOptions;
  /** The chat routes. Default: there are none. */
  chat?: ChatOptions;
  /** The task routes, of the chat's agent. Default: there are none. */
  tasks?: TasksOptions;
  /** The sandbox's routes, at /api/v1. Default: there are none. */
  sandbox?: SandboxOptions;
}

export interface ResolvedGatewayOptions {
  readonly host: string;
  readonly port: number;
  readonly token: string | undefined;
  readonly allowedHosts: readonly string[];
  readonly corsOrigins: readonly string[];
  readonly maxBodyBytes: number;
  readonly drainMs: number;
}

/** Checks the options once and fills in the defaults. @throws TrError `TR_INVALID_ARGUMENT`, naming the option. */
export function resolveGatewayOptions(options: GatewayOptions): ResolvedGatewayOptions {
  const { host = "127.0.0.1", auth = "token", token, corsOrigins = [] } = options;
  if (auth === "none" && !isLoopback(host)) {
    const expected = `"token" with an address that others can reach (host ${JSON.stringify(host)})`;
    throw invalidOption("auth", expected, '"none"');
  }
  if (token !== undefined && !/^[\x21-\x7e]{16,}$/.test(token)) {
    throw invalidOption("token", "16 or more visible ASCII characters", "another text"); // which is a secret
  }
  for (const origin of corsOrigins) {
    if (!isOrigin(origin)) {
      throw invalidOption(
        "corsOrigins",
        "origins such as https://example.org",
        JSON.stringify(origin),
      );
    }
  }
  const { allowedHosts = meansAll(host) ? [] : [host.includes(":") ? `[${host}]` : host] } =
    options;
  return {
    ...{ host, allowedHosts, corsOrigins },
    port: wholeNumber("port", options.port ?? 18890, 0, 65_535),
    token: auth === "none" ? undefined : (token ?? randomToken()),
    maxBodyBytes: wholeNumber("maxBodyBytes", options.maxBodyBytes ?? 2 ** 20, 1),
    drainMs: wholeNumber("drainMs", options.drainMs ?? 10_000, 0, longestTimerMs),
  };
}

export function randomToken(): string {
  return randomBytes(32).toString("base64url");
}

export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}

function meansAll(host: string): boolean {
  return host === "0.0.0.0" || host === "::";
}

function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text;
}
