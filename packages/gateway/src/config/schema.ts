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
  return z.preprocess((value) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).filter(([key]) => !key.startsWith("_")));
  }, z.strictObject(shape));
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
  session_ttl: seconds.optional(),
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

const backend = part({
  enabled: z.boolean().optional(),
  backend_class: z.string().min(1),
  isolation: z.enum(["shared", "session"]).optional(),
  config: object.optional(),
});

/** The whole file. Times are seconds, as in the files that people have. */
export const configSchema = part({
  server: server.optional(),
  agent: agent.optional(),
  tasks: tasks.optional(),
  resources: z.record(z.string(), backend).optional(),
  apis: z
    .record(z.string(), part({ function: z.string().min(1), config: object.optional() }))
    .optional(),
  warmup: part({
    enabled: z.boolean().optional(),
    resources: z.array(z.string()).optional(),
  }).optional(),
});

export type Config = z.infer<typeof configSchema>;
