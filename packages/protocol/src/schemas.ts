// zod/mini, which tsup bundles: importing the whole of zod takes 35 ms, this takes 4. The package's
// own reading does without, see read-fields.ts.
import * as z from "zod/mini";
import { namePattern } from "./name.js";

// The shapes of the files, for documentation, tests and tools. Unknown fields are ignored
// everywhere. nullish: null means "not there", as Python writes it.

const name = z.string().check(z.regex(namePattern));
const text = z.nullish(z.string());
const count = z.int().check(z.minimum(0));
const positive = z.int().check(z.minimum(1));
// Not a recursive schema: a deep value would overflow the stack. encodeValue and decodeValue check.
const json = z.unknown();

/** `request.json`. */
export const requestSchema = z
  .object({
    cmd: text,
    params: text,
    command: text,
    parameters: text,
    id: z.optional(json),
    protocol: z.optional(z.literal(2)),
    args: z.optional(json),
    kwargs: z.optional(json),
    stream: z.optional(json),
    deadline_ms: z.optional(json),
  })
  .check(
    z.refine(({ command, cmd }) => (command ?? cmd ?? "") !== "", "must have a command"),
    z.refine(
      (request) => request.protocol === undefined || level2RequestSchema.safeParse(request).success,
      "must have the fields of level 2",
    ),
  );

const level2RequestSchema = z.object({
  id: name,
  args: z.optional(z.array(json)),
  kwargs: z.optional(z.record(z.string(), json)),
  stream: z.optional(z.boolean()),
  deadline_ms: z.nullish(z.number().check(z.minimum(0))),
});

const errorSchema = z.object({
  type: text,
  message: text,
  traceback: text,
  module: text,
  code: text,
  dtype: text,
  commands: z.nullish(z.array(z.string())),
});

const anyResponse = {
  cmd: text,
  params: text,
  command: text,
  parameters: text,
  message: text,
  tensors: z.nullish(z.array(name)),
};

const level1Schema = z
  .object({
    ...anyResponse,
    id: z.optional(z.null()),
    result: z.nullish(z.enum(["ok", "error"])),
    error: z.optional(json),
  })
  .check(
    z.refine(({ result, params, message }) => (result ?? params ?? message ?? null) !== null),
    z.refine(
      ({ result, error }) =>
        result !== "error" || (error ?? null) === null || errorSchema.safeParse(error).success,
    ),
  );

const level2 = {
  ...anyResponse,
  id: name,
  seq: count,
  final: z.boolean(),
  value: z.optional(json),
};

/** `response.json`. */
export const responseSchema = z.union([
  level1Schema,
  z.object({ ...level2, kind: z.enum(["value", "item", "progress"]) }),
  z.object({ ...level2, kind: z.literal("error"), error: errorSchema }),
]);

/** `worker.json`. */
export const workerInfoSchema = z.object({
  protocol: z.literal(2),
  pid: positive,
  python: z.string(),
  packages: z.record(z.string(), z.string()),
  commands: z.array(z.string()),
  concurrency: z._default(positive, 1),
  bell: z._default(z.boolean(), false),
});

/** `host.json`. What a platform does not have is left out. */
export const hostInfoSchema = z.object({
  pid: positive,
  start_time: text,
  boot_id: text,
  pid_namespace: text,
});

/** `heartbeat.json`. `id`: the request that is running; `calls`: how many requests it has finished. */
export const heartbeatSchema = z.object({
  seq: count,
  timestamp: z.number(),
  phase: z.string(),
  id: z.nullish(name),
  rss_bytes: z.nullish(count),
  calls: z.nullish(count),
});

/** `cancel.json`. */
export const cancelSchema = z.object({ id: name });

/** `credit.json`: for each running stream, how many items have been granted since it began. */
export const creditSchema = z.object({ granted: z.record(name, count) });
