import type { SandboxServer } from "@tr/sandbox/server";

/** What the routes and the dashboard use of a sandbox. */
export type SandboxCore = Pick<
  SandboxServer,
  | "start"
  | "execute"
  | "executeBatch"
  | "createSession"
  | "destroySession"
  | "listSessions"
  | "refreshSession"
  | "disconnect"
  | "heartbeat"
  | "status"
  | "initResource"
  | "initBatch"
  | "initFromConfig"
  | "tools"
  | "toolSchema"
  | "warmup"
  | "warmupStatus"
  | "ready"
  | "health"
  | "snapshot"
  | "shutdown"
  | "close"
>;
