import { randomUUID } from "node:crypto";
import { resolve } from "node:path";
import { TrError } from "@tr/protocol/errors";

/** How a client is made. Times are milliseconds. One of `config` and `serverUrl` is needed. */
export interface SandboxOptions {
  /** The config file of the server, from the working directory: says its address, and what `start()` serves. */
  config?: string;
  /** As `http://127.0.0.1:18890`, where that is not what the config file says. */
  serverUrl?: string;
  /** What the server asks for. Default: `TR_GATEWAY_TOKEN`; else that of a server of the same user is found. */
  token?: string;
  /** Whose the sessions are; clients with the same one share them. 1 to 256 characters. Default: a random one. */
  workerId?: string;
  /** What `start()` runs where no server answers, in the working directory. Default: the installed `@tr/gateway` with `config`. */
  serverCommand?: readonly string[];
  /** How often sessions are refreshed so that they outlive the server's `session_ttl`, which has to be longer; `false`: never. Default: 30,000. */
  heartbeatMs?: number | false;
}

export interface ResolvedSandboxOptions {
  readonly config: string | undefined;
  readonly serverUrl: string | undefined;
  readonly token: string | undefined;
  readonly workerId: string;
  readonly serverCommand: readonly [string, ...string[]] | undefined;
  readonly heartbeatMs: number | false;
}

/** Beyond it a timer of Node's fires at once. */
const longestTimerMs = 2 ** 31 - 1;

const names: Record<keyof SandboxOptions, true> = {
  ...{ config: true, serverUrl: true, token: true },
  ...{ workerId: true, serverCommand: true, heartbeatMs: true },
};

/** @throws TrError `TR_INVALID_ARGUMENT`, naming the option */
export function resolveOptions(options: SandboxOptions): ResolvedSandboxOptions {
  if (typeof options !== "object" || options === null) {
    throw invalid("options", '{ config: "sandbox.json" } or { serverUrl }', String(options));
  }
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(names, name)) throw invalid(name, `one of ${Object.keys(names).join(", ")}`);
  }
  const { config, serverUrl, token, serverCommand } = options;
  const { workerId = randomUUID(), heartbeatMs = 30_000 } = options;
  if (config === undefined && serverUrl === undefined) {
    throw invalid("config", 'a config file, or serverUrl, as "http://127.0.0.1:18890"', "neither");
  }
  if (typeof workerId !== "string" || !/^.{1,256}$/.test(workerId)) {
    throw invalid("workerId", "1 to 256 characters", JSON.stringify(workerId));
  }
  if (serverCommand !== undefined && !isCommand(serverCommand)) {
    throw invalid("serverCommand", "a program and its arguments", JSON.stringify(serverCommand));
  }
  if (heartbeatMs !== false) checkMs("heartbeatMs", heartbeatMs);
  return {
    ...{ token, workerId, serverCommand, heartbeatMs },
    config: config === undefined ? undefined : resolve(config),
    serverUrl: serverUrl === undefined ? undefined : checkUrl(serverUrl),
  };
}

/** @throws TrError `TR_INVALID_ARGUMENT` */
export function checkMs(name: string, value: number): number {
  if (Number.isFinite(value) && value >= 1 && value <= longestTimerMs) return value;
  throw invalid(name, `1 to ${longestTimerMs} milliseconds`, String(value));
}

function checkUrl(text: string): string {
  const isUrl = URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
  if (!isUrl) throw invalid("serverUrl", "an address, as http://127.0.0.1:18890", String(text));
  return text.replace(/\/+$/, "");
}

function isCommand(value: readonly string[]): value is readonly [string, ...string[]] {
  return (
    Array.isArray(value) && value.length > 0 && value.every((part) => typeof part === "string")
  );
}

function invalid(name: string, expected: string, found?: string): TrError {
  const text = found === undefined ? "there is no such option; expected" : "expected";
  return new TrError(
    "TR_INVALID_ARGUMENT",
    `option ${name}: ${text} ${expected}${found === undefined ? "" : `, found ${found}`}`,
  );
}
