export { buildRequest, buildTerseRequest, type RequestInput } from "./build-request.js";
export { buildCancel, buildCredit, parseCancel, parseCredit } from "./control.js";
export { type DecodeOptions, decodeValue } from "./decode-value.js";
export { type EncodeOptions, encodeValue } from "./encode-value.js";
export * from "./errors.js";
export { type Heartbeat, parseHeartbeat } from "./heartbeat.js";
export { buildHostInfo, type HostInfo, parseHostInfo } from "./host-info.js";
export type { JsonObject, JsonValue } from "./json.js";
export { negotiateLevel } from "./level.js";
export { assertName, isName, namePattern } from "./name.js";
export { type Message, parseMessage } from "./parse-message.js";
export { parseRequest, type Request } from "./parse-request.js";
export {
  parseResponse,
  type Response,
  type ResponseError,
  type ResponseKind,
} from "./parse-response.js";
export { parseStatus, type Status, type StatusWord } from "./parse-status.js";
export { type Progress, parseProgress } from "./progress.js";
export { maxIntDigits, maxValueDepth } from "./value-markers.js";
export { argsToWords } from "./words.js";
export { parseWorkerInfo, type WorkerInfo } from "./worker-info.js";
