import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect } from "vitest";
import { createGateway, type Gateway } from "../src/gateway.js";
import { backEndsFolder, Client } from "./gateways.js";

export interface Answered {
  status: number;
  body: { code: number; message: string; data: unknown; meta: Record<string, unknown> };
}

/** A gateway with back ends of test/scripts/back_ends.py alone, for all tests of a file. */
export function useSandbox() {
  let gateway: Gateway;
  let log = "";
  let number = 0;
  const context = {
    folder: "",
    client: undefined as unknown as Client,
    /** What `notes` has written down. */
    lines: () => readFileSync(log, "utf8"),
    /** Of a worker that no other test has. */
    newWorker: () => `worker-${++number}`,
    async post(path: string, body: unknown): Promise<Answered> {
      const response = await context.client.post(`/api/v1${path}`, body);
      return { status: response.status, body: (await response.json()) as Answered["body"] };
    },
    execute: (worker_id: string, action: string, params: object = {}, more: object = {}) =>
      context.post("/execute", { worker_id, action, params, ...more }),
  };
  beforeAll(async () => {
    context.folder = mkdtempSync(join(tmpdir(), "tr-sandbox-http-"));
    log = join(context.folder, "log");
    writeFileSync(log, "");
    const backendClass = "back_ends:Notes";
    gateway = createGateway({
      ...{ port: 0, log: { level: "silent" }, maxBodyBytes: 2 ** 20 },
      sandbox: {
        folder: context.folder,
        env: { PYTHONPATH: backEndsFolder },
        resources: {
          notes: { backendClass, config: { log } },
          own: { backendClass, isolation: "session" },
        },
        apis: {
          echo: { function: "back_ends:echo", config: { prefix: ">" } },
          measure: { function: "back_ends.measure" },
        },
      },
    });
    await gateway.listen();
    await gateway.ready();
    context.client = new Client(gateway);
  });
  afterAll(async () => {
    await gateway?.close();
    rmSync(context.folder, { recursive: true, force: true });
  });
  return context;
}

export const iso = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
export const text = expect.any(String);

export const meta = (tool: string, more: object = {}) => ({
  ...{ tool, execution_time_ms: expect.any(Number), resource_type: "session" },
  ...{ session_id: null, trace_id: text, ...more },
});

/** An answer of code 0. */
export const success = (tool: string, data: unknown, more: object = {}) => ({
  status: 200,
  body: { code: 0, message: "success", data, meta: meta(tool, more) },
});
