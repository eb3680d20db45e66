import { z } from "zod";

const timestamp = z.string().describe("ISO 8601, UTC");
const count = z.int().min(0);

/** What the dashboard shows; the page's types come from here. */
export const dashboardState = z.object({
  timestamp,
  trouble: z.string().optional().describe("why no request could be served now"),
  slots: z.object({ size: count, idle: count, busy: count }),
  queued: count.describe("requests that wait for a slot"),
  restarts: count,
  workers: z.array(
    z.object({
      name: z.string(),
      status: z.string().describe("ready, busy, starting, restarting, failed, unresponsive, …"),
      pid: count.optional(),
      session_id: z.string().optional().describe("the session that it works for"),
      busy_since: timestamp.optional(),
      calls: count.optional(),
      restarts: count.optional(),
      rss_bytes: count.optional(),
    }),
  ),
  sessions: z
    .array(
      z.object({
        session_id: z.string(),
        question: z.string().describe("its first 200 characters"),
        status: z.string(),
        start_time: timestamp,
        end_time: timestamp.optional(),
        events: count,
      }),
    )
    .describe("those that run, and the last 100; newest first"),
  total_sessions: count,
  history: z.object({
    seconds_per_point: count,
    points: z.array(
      z.object({
        time: z.number().describe("when the step began, in seconds since 1970"),
        ended: count,
        failed: count,
        mean_seconds: z.number().optional(),
        longest_seconds: z.number().optional(),
      }),
    ),
  }),
});

export type DashboardState = z.infer<typeof dashboardState>;
