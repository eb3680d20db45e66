export { noteServer, type ServerNote } from "../server-notes.js";
export { type Answer, codes, type Meta } from "./answer.js";
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
export { type Alarm, type Clock, systemClock } from "./clock.js";
export type { SandboxLog } from "./log.js";
export type { ApiOptions, Isolation, ResourceOptions, SandboxOptions } from "./options.js";
