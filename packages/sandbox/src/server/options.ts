import type { SessionOptions } from "@tr/session";

/** What a config file says, resolved: names are looked up, times are in milliseconds. */
export interface SandboxOptions extends Pick<SessionOptions, "python" | "env" | "startTimeoutMs"> {
  /** Modules are looked up here first; also the processes' working directory. */
  folder: string;
  /** Back ends with sessions, by the type of their resource. */
  resources?: Readonly<Record<string, ResourceOptions>>;
  /** Stateless tools, by name. Those of one Python module share its processes. */
  apis?: Readonly<Record<string, ApiOptions>>;
  /** Processes for each module of `apis`. Default: 1. */
  apiReplicas?: number;
  /** How long a session lives after the end of its last call. Default: 300,000 ms. */
  sessionTtlMs?: number;
  /** Back ends that are warmed up at the start; the others are by their first call. Default: none. */
  warmup?: readonly string[];
}

export interface ResourceOptions {
  /** `module:Class` or `module.Class`. */
  backendClass: string;
  /** One process for all sessions, or one for each, which can be killed alone. Default: `"shared"`. */
  isolation?: Isolation;
  /** What the back end gets as its own config, and every session merged with what its caller asks for. */
  config?: object;
}

export interface ApiOptions {
  /** `module:function` or `module.function`. */
  function: string;
  config?: object;
}

export type Isolation = "shared" | "session";
