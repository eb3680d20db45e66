export { TrError, type TrErrorCode } from "@tr/protocol/errors";
export type { SessionOptions } from "./options.js";
export { type CallOptions, PythonSession } from "./python-session.js";
export type { Message } from "./requests.js";
export type { SessionEvents, SignalOptions } from "./session-core.js";
export type { SessionInfo } from "./session-info.js";
export type { SessionState } from "./state.js";
