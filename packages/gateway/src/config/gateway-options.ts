import { dirname, resolve } from "node:path";
import type { ChatOptions } from "../chat/options.js";
import type { LogOptions } from "../log.js";
import type { GatewayOptions } from "../options.js";
import type { TasksOptions } from "../tasks/options.js";
import { ConfigFault } from "./environment.js";
import { given, ms } from "./given.js";
import { sandboxOptions } from "./sandbox-options.js";
import type { Config } from "./schema.js";

/** @param file where it stands: its paths begin in its folder @throws ConfigFault */
export function gatewayOptions(config: Config, file: string): GatewayOptions {
  const { server = {}, agent, tasks } = config;
  if (tasks !== undefined && agent === undefined) {
    throw new ConfigFault(
      ["tasks"],
      "tasks are questions to an agent: expected the part agent too",
    );
  }
  const folder = dirname(file);
  const url = server.url === undefined ? undefined : new URL(server.url);
  const port = url?.port ? Number(url.port) : undefined;
  if (port !== undefined && server.port !== undefined && port !== server.port) {
    throw new ConfigFault(["server", "port"], `is ${server.port}, but server.url says ${port}`);
  }
  const host = server.host ?? url?.hostname.replace(/^\[|\]$/g, "");
  const log = given<LogOptions>({ format: server.log_format, level: server.log_level });
  return given<GatewayOptions>({
    host,
    port: server.port ?? port,
    auth: server.auth,
    token: server.token,
    allowedHosts: server.allowed_hosts,
    corsOrigins: server.cors_origins,
    maxBodyBytes: server.max_body_bytes,
    drainMs: ms(server.drain_timeout),
    log,
    chat: agent && chatOptions(agent, folder),
    tasks: tasks && tasksOptions(tasks, file),
    sandbox: sandboxOptions(config, folder),
  });
}

function chatOptions(agent: NonNullable<Config["agent"]>, folder: string): ChatOptions {
  return {
    ...given<Omit<ChatOptions, "script">>({
      template: agent.template,
      maxConcurrent: agent.max_concurrent,
      maxQueue: agent.max_queue,
      acquireTimeoutMs: ms(agent.acquire_timeout),
      resumeGraceMs: ms(agent.resume_grace),
      startTimeoutMs: ms(agent.start_timeout),
      isolation: agent.isolation,
      spawn: agent.spawn,
      python: agent.python,
      args: agent.args,
      env: agent.env,
    }),
    script: resolve(folder, agent.script),
  };
}

function tasksOptions(tasks: NonNullable<Config["tasks"]>, file: string): TasksOptions {
  return {
    ...given<Omit<TasksOptions, "dataDir">>({
      maxQueued: tasks.max_queued,
      maxEvents: tasks.max_events,
      maxBytes: tasks.max_bytes,
      keepMs: ms(tasks.keep_time),
      keepCount: tasks.keep_count,
      keepBytes: tasks.keep_bytes,
    }),
    dataDir: tasks.data_dir === undefined ? `${file}.data` : resolve(dirname(file), tasks.data_dir),
  };
}
