import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { type IncomingMessage, type OutgoingHttpHeaders, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach } from "vitest";
import type { ChatOptions } from "../src/chat/options.js";
import { createGateway, type Gateway } from "../src/gateway.js";
import type { GatewayOptions } from "../src/options.js";

export const agentScript = fileURLToPath(new URL("scripts/agent.py", import.meta.url));

/** Where test/scripts/back_ends.py is found as a module. */
export const backEndsFolder = fileURLToPath(new URL("scripts", import.meta.url));

export interface ChatEvent {
  readonly type: string;
  readonly session_id: string;
  readonly timestamp: string;
  readonly [key: string]: unknown;
}

/** What test/scripts/agent.py does. */
export interface Wish {
  readonly marker?: string;
  readonly events?: number;
  readonly [key: string]: unknown;
}

/** Gateways in a workspace of the test's own, closed at its end; then nothing may be left in it. */
export function useGateways() {
  const open: Gateway[] = [];
  const context = {
    workspace: "",
    /** Everything that was logged. */
    lines: [] as string[],
    make(chat: Partial<ChatOptions> = {}, options: Partial<GatewayOptions> = {}): Gateway {
      const gateway = createGateway({
        port: 0,
        drainMs: 2000,
        log: {
          format: "json",
          level: "debug",
          destination: { write: (line) => void context.lines.push(line) },
        },
        ...options,
        chat: { script: agentScript, workspace: context.workspace, ...chat },
      });
      open.push(gateway);
      return gateway;
    },
    async ready(chat?: Partial<ChatOptions>, options?: Partial<GatewayOptions>): Promise<Client> {
      const gateway = context.make(chat, options);
      await gateway.listen();
      await gateway.ready();
      return new Client(gateway);
    },
  };
  beforeEach(() => {
    context.workspace = mkdtempSync(join(tmpdir(), "tr-gateway-test-"));
    context.lines = [];
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((gateway) => gateway.close()));
    const found = readdirSync(context.workspace, { recursive: true, encoding: "utf8" });
    rmSync(context.workspace, { recursive: true, force: true });
    const left = found.filter((path) => path.includes("tr_session_"));
    if (left.length > 0) throw new Error(`left behind: ${left.join(", ")}`);
  });
  return context;
}

/** A client of a gateway that listens. */
export class Client {
  readonly gateway: Gateway;

  constructor(gateway: Gateway) {
    this.gateway = gateway;
  }

  get headers(): Record<string, string> {
    return { authorization: `Bearer ${this.gateway.token}`, "content-type": "application/json" };
  }

  fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = { ...this.headers, ...(init.headers as Record<string, string>) };
    return fetch(`${this.gateway.url}${path}`, { ...init, headers });
  }

  post(path: string, body: unknown, init: RequestInit = {}): Promise<Response> {
    return this.fetch(path, { ...init, method: "POST", body: JSON.stringify(body) });
  }

  /** Begins a stream. */
  stream(wish: Wish, more: object = {}, init: RequestInit = {}): Promise<Response> {
    return this.post("/chat/stream", { question: JSON.stringify(wish), ...more }, init);
  }

  /** All events of a stream. */
  async events(wish: Wish, more: object = {}): Promise<ChatEvent[]> {
    return readEvents(await this.stream(wish, more));
  }

  async health(): Promise<{ status: number; body: Record<string, unknown> }> {
    const response = await this.fetch("/health");
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  }

  async json(path: string): Promise<Record<string, Record<string, object>>> {
    return (await (await this.fetch(path)).json()) as Record<string, Record<string, object>>;
  }

  /** With headers that `fetch` does not let one set. */
  raw(
    path: string,
    headers: OutgoingHttpHeaders,
    method = "GET",
  ): Promise<{ status: number | undefined; headers: IncomingMessage["headers"]; body: string }> {
    const { url } = this.gateway;
    return new Promise((resolve, reject) => {
      const sent = request(`${url}${path}`, { method, headers, agent: false }, (response) => {
        let body = "";
        response.setEncoding("utf8").on("data", (text) => (body += text));
        response.on("end", () =>
          resolve({ status: response.statusCode, headers: response.headers, body }),
        );
      });
      sent.on("error", reject).end();
    });
  }
}

/** The events of a stream, with the ids of their lines. */
export async function* eventsOf(response: Response): AsyncGenerator<{ id: number } & ChatEvent> {
  let rest = "";
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    rest += decoder.decode(chunk, { stream: true });
    for (let end = rest.indexOf("\n\n"); end >= 0; end = rest.indexOf("\n\n")) {
      const block = rest.slice(0, end);
      rest = rest.slice(end + 2);
      if (block.startsWith(":")) continue;
      const [, id = "", json = ""] = /^id: (\d+)\ndata: (.*)$/.exec(block) ?? [];
      yield { id: Number(id), ...(JSON.parse(json) as ChatEvent) };
    }
  }
}

export async function readEvents(response: Response): Promise<({ id: number } & ChatEvent)[]> {
  const events: ({ id: number } & ChatEvent)[] = [];
  for await (const event of eventsOf(response)) events.push(event);
  return events;
}

/** Resolves when `condition` does not give false; looked at every few ms. */
export async function until(
  condition: () => unknown | Promise<unknown>,
  timeoutMs = 10_000,
): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`not within ${timeoutMs} ms: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** The value that `percent` of them do not exceed. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? 0;
}
