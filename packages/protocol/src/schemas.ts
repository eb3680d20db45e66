import * as z from "zod";
import { namePattern } from "./name.js";

// The shapes of the files, for documentation, tests and tools. Unknown fields are ignored
// everywhere. `.nullish()`: null means "not there", as Python writes it.

const name = z.string().regex(namePattern);
const count = z.int().min(0);
// Not a recursive schema: a deep value would overflow the stack. encodeValue and decodeValue check.
const json = z.unknown();

/** `request.json`. */
export const requestSchema = z.object({
  cmd: z.string().nullish(),
  params: z.string().nullish(),
  command: z.string().nullish(),
  parameters: z.string().nullish(),
  timestamp: z.number().nullish(),
  id: name.optional(),
  protocol: z.literal(2).optional(),
  args: z.array(json).optional(),
  kwargs: z.record(z.string(), json).optional(),
  stream: z.boolean().optional(),
  deadline_ms: z.number().min(0).nullish(),
});

const text = z.string().nullish();

const errorSchema = z.object({
  type: text,
  message: text,
  traceback: text,
  module: text,
  code: text,
  commands: z.array(z.string()).nullish(),
});

const anyResponse = {
  cmd: text,
  params: text,
  command: text,
  message: text,
  tensors: z.array(name).nullish(),
};

const level1Schema = z
  .object({
    ...anyResponse,
    id: z.null().optional(),
    result: z.enum(["ok", "error"]).nullish(),
    error: json,
  })
  .refine(({ result, params, message }) => (result ?? params ?? message) !== undefined)
  .refine(({ result, error }) => {
    if (result !== "error" || error === undefined || error === null) return true;
    return errorSchema.safeParse(error).success;
  });

const level2 = { ...anyResponse, id: name, seq: count, final: z.boolean(), value: json };

/** `response.json`. */
export const responseSchema = z.union([
  level1Schema,
  z.object({ ...level2, kind: z.enum(["value", "item", "progress"]) }),
  z.object({ ...level2, kind: z.literal("error"), error: errorSchema }),
]);

/** `worker.json`. */
export const workerInfoSchema = z.object({
  protocol: z.literal(2),
  pid: z.int().min(1),
  python: z.string(),
  packages: z.record(z.string(), z.string()),
  commands: z.array(z.string()),
  concurrency: z.int().min(1).default(1),
});

/** `host.json`. What a platform does not have is left out. */
export const hostInfoSchema = z.object({
  pid: z.int().min(1),
  start_time: z.string().nullish(),
  boot_id: z.string().nullish(),
  pid_namespace: z.string().nullish(),
});

/** `heartbeat.json`. `id`: the request that is running. */
export const heartbeatSchema = z.object({
  seq: count,
  timestamp: z.number(),
  phase: z.string(),
  id: name.nullish(),
});

/** `cancel.json`. */
export const cancelSchema = z.object({ id: name });

/** `credit.json`: for each running stream, how many items have been granted since it began. */
export const creditSchema = z.object({ granted: z.record(name, count) });
