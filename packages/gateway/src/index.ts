export { TrError, type TrErrorCode } from "@tr/pool";
export type { ChatOptions } from "./chat/options.js";
export { readConfigFile } from "./config/read-config.js";
export { createGateway, type Gateway } from "./gateway.js";
export type { LogOptions } from "./log.js";
export { main } from "./main.js";
export type { GatewayOptions } from "./options.js";
export { type Served, type ServeOptions, serve } from "./serve.js";
export type { TasksOptions } from "./tasks/options.js";
