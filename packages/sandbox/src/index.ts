export { TrError, type TrErrorCode } from "@tr/protocol/errors";
export type {
  ActionResult,
  BatchResult,
  Beat,
  CreatedSession,
  DestroyedSession,
  Disconnected,
  InitializedSession,
  InitResult,
  ListedSession,
  Ready,
  RefreshedSession,
  RefreshedSessions,
  SessionList,
  SessionStatus,
  Tool,
  ToolList,
  ToolMeta,
  ToolResult,
  WarmupResult,
  WarmupStatus,
  WarmupSummary,
  WorkerStatus,
} from "./answers.js";
export type { SandboxOptions } from "./options.js";
export type { BatchAction, BatchOptions, CallOptions, ExecuteOptions, Params } from "./routes.js";
export { type CloseOptions, Sandbox, type ShutdownOptions, type StartOptions } from "./sandbox.js";
