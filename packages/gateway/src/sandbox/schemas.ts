import { z } from "zod";

/** Clients of this protocol send null for what they do not say. */
function optional<Schema extends z.ZodType>(schema: Schema) {
  return schema.nullish().transform((value) => value ?? undefined);
}

const object = z.record(z.string(), z.unknown());
const config = object.nullish().transform((value) => value ?? {});
const flag = (general: boolean) =>
  z
    .boolean()
    .nullish()
    .transform((value) => value ?? general)
    .describe(`default: ${general}`);
const resourceType = z.string().min(1);

const worker = {
  worker_id: z.string().min(1).describe("whose session it is; any text that a client keeps to"),
};
const traced = { trace_id: optional(z.string()).describe("default: a random one") };
const action = {
  action: z.string().min(1).describe("a tool, as type:name; name alone where only one has it"),
  params: config.describe('the tool\'s arguments; a tensor is {"$tsr": base64 of a TSR file}'),
  timeout: optional(z.number().min(0).max(2_000_000)).describe("seconds; 0 or none: no limit"),
};

export const bodies = {
  execute: z.object({ ...worker, ...action, ...traced }),
  executeBatch: z.object({
    ...worker,
    actions: z.array(z.object(action)),
    parallel: flag(false),
    stop_on_error: flag(true),
    ...traced,
  }),
  createSession: z.object({
    ...worker,
    resource_type: resourceType,
    session_config: config,
    custom_name: optional(z.string()),
  }),
  ofResource: z.object({ ...worker, resource_type: resourceType }),
  ofWorker: z.object(worker),
  refresh: z.object({ ...worker, resource_type: optional(resourceType) }),
  initResource: z.object({ ...worker, resource_type: resourceType, init_config: config }),
  initBatch: z.object({ ...worker, resource_configs: z.record(z.string(), object) }),
  initFromConfig: z.object({
    ...worker,
    config_path: z.string().min(1).describe("within the folder of the server's config file"),
    override_params: config,
  }),
  warmup: z.object({ backends: optional(z.array(z.string())) }),
  shutdown: z.object({ force: flag(false), cleanup_sessions: flag(true) }),
};

/** What most routes answer, errors included. */
export const envelope = z.object({
  code: z.int().describe("0: success"),
  message: z.string(),
  data: z.unknown(),
  meta: z.looseObject({
    tool: z.string().nullable(),
    execution_time_ms: z.number(),
    resource_type: z.string().nullable(),
    session_id: z.string().nullable(),
    trace_id: z.string(),
    temporary_session: z.literal(true).optional(),
    note: z.string().optional(),
  }),
});

const tool = z.object({
  name: z.string(),
  full_name: z.string(),
  resource_type: z.string().nullable(),
  stateless: z.boolean(),
  description: z.string(),
  parameters: z.unknown().describe("JSON Schema"),
});
const warmupSummary = z.object({ total: z.int(), warmed_up: z.int(), pending: z.int() });

/** What the routes answer that have no envelope. */
export const answers = {
  ready: z.object({
    status: z.enum(["starting", "ready", "closing"]),
    tools_count: z.int(),
    active_workers: z.int(),
    total_sessions: z.int(),
  }),
  tools: z.object({ tools: z.array(tool), count: z.int() }),
  tool,
  noTool: z.object({ status: z.literal("error"), message: z.string() }),
  warmup: z.object({
    status: z.enum(["success", "partial_error"]),
    results: z.record(z.string(), z.boolean()),
    summary: warmupSummary,
    errors: z.record(z.string(), z.string()).optional(),
  }),
  warmupStatus: z.object({
    backends: z.record(z.string(), z.object({ loaded: z.boolean(), warmed_up: z.boolean() })),
    summary: warmupSummary,
  }),
  shutdown: z.object({
    status: z.literal("success"),
    message: z.string(),
    sessions_cleaned: z.int(),
  }),
};
