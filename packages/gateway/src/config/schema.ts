import { z } from "zod";

/** Also a text that is one, as a variable of the environment gives it. */
const number = (schema: z.ZodNumber) =>
  z.preprocess((value) => {
    return typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  }, schema);
const seconds = number(z.number().min(0).max(2_000_000)); // what a timer can count
const count = number(z.number().int().min(0));
const object = z.record(z.string(), z.unknown());

/** Keys that begin with _ are remarks. */
function part<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.preprocess(withoutRemarks, z.strictObject(shape));
}

function withoutRemarks(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([key]) => !key.startsWith("_")));
}

/** By name, of which tools are called; those that begin with _ are remarks too. */
function named<Value extends z.ZodType>(value: Value) {
  const name = z.string().regex(/^[^\s:]+$/, "expected a name without spaces and colons");
  return z.preprocess(withoutRemarks, z.record(name, value));
}

const server = part({
  url: z.url({ protocol: /^http$/ }).optional(),
  host: z.string().min(1).optional(),
  port: number(z.number().int().min(0).max(65_535)).optional(),
  auth: z.enum(["token", "none"]).optional(),
  token: z.string().optional(),
  allowed_hosts: z.array(z.string()).optional(),
  cors_origins: z.array(z.string()).optional(),
  max_body_bytes: count.optional(),
  drain_timeout: seconds.optional(),
  session_ttl: number(z.number().positive().max(2_000_000)).optional(),
  api_replicas: number(z.number().int().min(1)).optional(),
  log_format: z.enum(["pretty", "json"]).optional(),
  log_level: z.enum(["trace", "debug", "info", "warn", "error", "silent"]).optional(),
});

const agent = part({
  script: z.string().min(1),
  template: object.optional(),
  max_concurrent: count.optional(),
  max_queue: count.optional(),
  acquire_timeout: seconds.optional(),
  resume_grace: seconds.optional(),
  start_timeout: seconds.optional(),
  isolation: z.enum(["instance", "process"]).optional(),
  spawn: z.enum(["process", "fork-server"]).optional(),
  python: z.union([z.string(), z.array(z.string())]).optional(),
  args: z.array(z.string()).optional(),
  env: z.record(z.string(), z.string()).optional(),
});

const tasks = part({
  data_dir: z.string().min(1).optional(),
  max_queued: count.optional(),
  max_events: count.optional(),
  max_bytes: count.optional(),
  keep_time: number(z.number().min(0)).optional(),
  keep_count: count.optional(),
  keep_bytes: count.optional(),
});

/** Of a class or function, as `module:name` or `module.name`. */
const pythonName = (what: string) =>
  z.string().regex(/^[^\s:]+[:.][^\s:.]+$/, `expected module:${what} or module.${what}`);

const backend = part({
  enabled: z.boolean().optional(),
  backend_class: pythonName("Class"),
  isolation: z.enum(["shared", "session"]).optional(),
  config: object.optional(),
});

/** The whole file. Times are seconds, as in the files that people have. */
export const configSchema = part({
  server: server.optional(),
  agent: agent.optional(),
  tasks: tasks.optional(),
  resources: named(backend).optional(),
  apis: named(part({ function: pythonName("function"), config: object.optional() })).optional(),
  warmup: part({
    enabled: z.boolean().optional(),
    resources: z.array(z.string()).optional(),
  }).optional(),
});

export type Config = z.infer<typeof configSchema>;
