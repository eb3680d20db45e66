import { Registry } from "prom-client";
import { createDashboard } from "../src/dashboard/dashboard.js";
import { admit } from "../src/http/admission.js";
import { type App, createApp } from "../src/http/app.js";
import { createLog } from "../src/log.js";
import { sandboxModule } from "../src/sandbox/sandbox-module.js";
import { FakeCore } from "./fake-core.js";

export const token = "a-token-for-this-test";

export interface FakeSandboxOptions {
  readonly maxBodyBytes?: number;
  readonly token?: string;
  readonly isStarted?: boolean;
}

/** The routes of a gateway with a sandbox alone, over a core without processes; it listens. */
export async function fakeSandbox(options: FakeSandboxOptions = {}) {
  const core = new FakeCore();
  const metrics = new Registry();
  const stopped: unknown[] = [];
  const log = createLog({ level: "silent" });
  const module = sandboxModule(
    core,
    { log, metrics },
    { maxBodyBytes: options.maxBodyBytes, stop: (how) => void stopped.push(how) },
  );
  const app = createApp({ log, maxBodyBytes: 500 });
  const admission = { token: options.token, allowedHosts: [], corsOrigins: [] };
  admit(app, admission);
  app.register(async (scope: App) => {
    module.register(scope);
    createDashboard({ sandbox: module, needsToken: options.token !== undefined }).register(scope);
  });
  const url = await app.listen({ port: 0, host: "127.0.0.1" });
  if (options.isStarted !== false) await module.ready(new AbortController().signal);
  return { core, metrics, stopped, module, url, close: () => app.close() };
}
export type FakeSandbox = Awaited<ReturnType<typeof fakeSandbox>>;
