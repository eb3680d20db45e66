import type { ToolHost } from "./back-end.js";
import { settlesWithin } from "./clock.js";
import { type Core, cleanupWaitMs } from "./core.js";

export interface ShutdownBody {
  /** Ends the processes without Python's `shutdown()`. Default: false. */
  force?: boolean | undefined;
  /** Default: true. */
  cleanup_sessions?: boolean | undefined;
}

export interface ShutdownResult {
  status: "success";
  message: string;
  sessions_cleaned: number;
}

/** `POST /api/v1/server/shutdown`: from now on nothing new is begun; `close` does the rest. */
export function shutdown(core: Core, body: ShutdownBody): ShutdownResult {
  const { force = false, cleanup_sessions = true } = body;
  core.ending = { force, cleanup_sessions };
  const sessions_cleaned = cleanup_sessions ? core.book.size : 0;
  return { status: "success", message: "the server shuts down", sessions_cleaned };
}

/** Cancels what runs, cleans up the sessions, ends the processes. */
export async function close(core: Core): Promise<void> {
  const { book, backEnds, apis, clock, log, stop } = core;
  core.ending ??= { force: false, cleanup_sessions: true };
  const { force, cleanup_sessions } = core.ending;
  stop.abort("shutdown");
  const sessions = book.all;
  for (const session of sessions) {
    if (cleanup_sessions) session.end("shutdown");
    else session.abandon();
  }
  const over = Promise.all(sessions.map((session) => session.over));
  if (!(await settlesWithin(clock, over, cleanupWaitMs))) {
    const left = book.all.map(({ seed }) => seed.session_id);
    log.warn({ sessions: left }, "sessions that did not end in time go with their processes");
  }
  for (const session of book.all) session.abandon();
  const hosts: ToolHost[] = [...backEnds.values(), ...apis];
  await Promise.all(hosts.map((host) => host.shutdown({ force })));
}
