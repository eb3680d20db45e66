export { noteServer, type ServerNote } from "../server-notes.js";
export { type Answer, codes, type Meta } from "./answer.js";
export { failure, httpStatusOf, missingField, type Reply, success, wrongType } from "./answers.js";
export type {
  BackEnd,
  BackEndState,
  CallContext,
  CallOptions,
  Params,
  Running,
  SessionSeed,
  ToolAnswer,
  ToolHost,
  ToolInfo,
} from "./back-end.js";
export type {
  Action,
  BatchBody,
  CreateBody,
  ExecuteBody,
  InitBatchBody,
  InitFromConfigBody,
  InitResourceBody,
  RefreshBody,
  TypeBody,
  WarmupBody,
  WorkerBody,
} from "./bodies.js";
export { type Alarm, type Clock, systemClock } from "./clock.js";
export type { ShutdownBody, ShutdownResult } from "./closing.js";
export { answerOf } from "./core.js";
export { createSandbox, type SandboxContext } from "./create-sandbox.js";
export type { SandboxLog } from "./log.js";
export type { ApiOptions, Isolation, ResourceOptions, SandboxOptions } from "./options.js";
export { type SandboxParts, SandboxServer } from "./sandbox-server.js";
export type { SessionEntry } from "./session-book.js";
export type { SessionStatus } from "./session-state.js";
export type { BackEndSnapshot, SandboxSnapshot, SessionSnapshot } from "./snapshot.js";
export type { ToolEntry } from "./tool-registry.js";
export type { WarmupResult, WarmupStatus, WarmupSummary } from "./warmup.js";
