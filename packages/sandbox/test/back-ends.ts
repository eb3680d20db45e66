import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach } from "vitest";
import type { BackEnd, CallContext, Running, ToolHost } from "../src/server/back-end.js";
import { makeBackEnds } from "../src/server/back-ends.js";
import type { Clock } from "../src/server/clock.js";
import { createSandbox } from "../src/server/create-sandbox.js";
import type { SandboxLog } from "../src/server/log.js";
import type { ResourceOptions, SandboxOptions } from "../src/server/options.js";
import { resolveSandboxOptions } from "../src/server/resolve-options.js";
import type { SandboxServer } from "../src/server/sandbox-server.js";

/** Where the modules of the tests are. */
export const folder: string = fileURLToPath(new URL("folder", import.meta.url));

export interface LogLine {
  level: keyof SandboxLog;
  message: string;
  [field: string]: unknown;
}

/** Processes of a test, ended after it, and what they have written. */
export function useBackEnds() {
  const open: ToolHost[] = [];
  const servers: SandboxServer[] = [];
  const written = () => {
    const file = join(context.home, "log");
    const text = existsSync(file) ? readFileSync(file, "utf8") : "";
    return text
      .split("\n")
      .slice(0, -1)
      .map((entry) => {
        const [pid = "", ...words] = entry.split(" ");
        return { pid, line: words.join(" ") };
      });
  };
  const context = {
    /** A folder of the test's own. */
    home: "",
    /** What the server has logged. */
    log: [] as LogLine[],
    /** What the back ends have written. */
    lines(): string[] {
      return written().map(({ line }) => line);
    },
    /** The same, apart for each process, in the order of their first lines. */
    stories(): string[][] {
      const stories = new Map<string, string[]>();
      for (const { pid, line } of written()) stories.set(pid, [...(stories.get(pid) ?? []), line]);
      return [...stories.values()];
    },
    /** One for each process that has not ended, and what is in it. */
    directories(): string[] {
      const all = readdirSync(context.home, { recursive: true, encoding: "utf8" });
      return all.filter((path) => path.includes("tr_session_"));
    },
    /** Resolves when the back ends have written that line so many times. */
    async written(line: string, times = 1): Promise<void> {
      while (context.lines().filter((found) => found === line).length < times) await soon();
    },
    /** Options whose back end `logged` writes into the test's folder. */
    options(
      more: Partial<ResourceOptions> = {},
      others: Partial<SandboxOptions> = {},
    ): SandboxOptions {
      const { config, ...resource } = more;
      return {
        folder,
        resources: {
          logged: {
            backendClass: "logged:Logged",
            config: { log: join(context.home, "log"), ...config },
            ...resource,
          },
        },
        env: { TR_WORKSPACE: context.home },
        ...others,
      };
    },
    make(options: SandboxOptions): { backEnds: BackEnd[]; apis: ToolHost[] } {
      const made = makeBackEnds(resolveSandboxOptions(options), context.logger);
      open.push(...made.backEnds, ...made.apis);
      return made;
    },
    /** The back end `logged`, loaded. */
    async loaded(more: Partial<ResourceOptions> = {}): Promise<BackEnd> {
      const [backEnd] = context.make(context.options(more)).backEnds;
      if (backEnd === undefined) throw new Error("none");
      await backEnd.load({});
      return backEnd;
    },
    /** A server over real processes, started. */
    async server(options: SandboxOptions, clock?: Clock): Promise<SandboxServer> {
      const server = createSandbox(options, { log: context.logger, ...(clock && { clock }) });
      servers.push(server);
      await server.start();
      return server;
    },
    logger: Object.fromEntries(
      (["debug", "info", "warn", "error"] as const).map((level) => [
        level,
        (fields: object, message: string) => context.log.push({ ...fields, level, message }),
      ]),
    ) as unknown as SandboxLog,
  };
  beforeEach(() => {
    context.home = mkdtempSync(join(tmpdir(), "tr-sandbox-test-"));
    context.log.length = 0;
  });
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => endNow(server)));
    await Promise.all(open.splice(0).map((host) => host.shutdown({ force: true })));
    const left = context.directories();
    rmSync(context.home, { recursive: true, force: true });
    if (left.length > 0) throw new Error(`left behind: ${left.join(", ")}`);
  });
  return context;
}

export function seed(id: string, config: object = {}, resource_type = "logged") {
  const worker_id = `w-${id}`;
  const session_name = `name of ${id}`;
  const created_at = new Date(0).toISOString();
  return {
    session_id: id,
    session_name,
    worker_id,
    resource_type,
    config,
    created_at,
    temporary: false,
  };
}

/** A call in a session, or of a stateless tool. */
export function run(
  host: ToolHost,
  tool: string,
  params: Record<string, unknown> = {},
  session_id: string | null = null,
  signal: AbortSignal = new AbortController().signal,
): Running {
  const context: CallContext = { worker_id: `w-${session_id}`, session_id, trace_id: "trace" };
  return host.execute(tool, params, context, { signal });
}

function endNow(server: SandboxServer): Promise<void> {
  server.shutdown({ force: true, cleanup_sessions: false });
  return server.close();
}

/** In the next turn of the event loop that has something to do. */
export function soon(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 5));
}

/** Makes a file that a tool waits for. */
export function touch(path: string): void {
  appendFileSync(path, "");
}
