import { z } from "zod";

const timestamp = z.string().describe("ISO 8601, UTC");
const count = z.int().min(0);

/** What the sandbox's page shows; the page's types come from here. */
export const sandboxState = z.object({
  timestamp,
  trouble: z.string().optional().describe("why not everything is served now"),
  tools: count,
  calls: count.describe("tools that run in sessions"),
  back_ends: z.array(
    z.object({
      name: z.string().describe("of the resource, or of the Python module of stateless tools"),
      kind: z.enum(["resource", "api"]),
      isolation: z.enum(["shared", "session"]).optional(),
      phase: z.string().describe("starting, ready, restarting, failed, closed"),
      loaded: z.boolean(),
      warmed_up: z.boolean(),
      pid: count.optional(),
      sessions: count,
      restarts: count,
      error: z.string().optional(),
    }),
  ),
  sessions: z
    .array(
      z.object({
        session_id: z.string(),
        session_name: z.string(),
        worker_id: z.string(),
        resource_type: z.string(),
        status: z.string(),
        temporary: z.boolean(),
        calls: count.describe("that run in it"),
        created_at: timestamp,
        seconds_left: z
          .number()
          .nullable()
          .describe("null where it does not expire, as while it is used"),
      }),
    )
    .describe("the last 200, newest first"),
  total_sessions: count,
});

export type SandboxState = z.infer<typeof sandboxState>;
