import type { WireAnswer } from "./errors.js";

/** What a tool gave. */
export interface ToolResult<Data = unknown> {
  readonly code: 0;
  readonly message: string;
  readonly data: Data;
  readonly meta: ToolMeta;
}

/** One action of a batch: what the tool gave, or what failed. */
export interface ActionResult {
  /** 0, or as a `TR_TOOL_ERROR`'s `toolCode`. */
  readonly code: number;
  readonly message: string;
  readonly data: unknown;
  readonly meta: ToolMeta;
}

export interface ToolMeta {
  readonly tool: string | null;
  readonly executionTimeMs: number;
  readonly resourceType: string | null;
  readonly sessionId: string | null;
  readonly traceId: string;
  /** True: the session was made for this call alone, and is gone. */
  readonly temporarySession?: true;
  /** Why there was no session, when one was expected: it has expired, its process was lost. */
  readonly note?: string;
  /** What the tool itself has added, as it named it. */
  readonly [more: string]: unknown;
}

export interface BatchResult {
  /** 0; 5010 when some actions failed, 5009 when all did. */
  readonly code: number;
  readonly message: string;
  readonly results: readonly ActionResult[];
  readonly total: number;
  /** Fewer than `total` when one failed with `stopOnError`. */
  readonly executed: number;
  readonly successCount: number;
}

export interface CreatedSession {
  readonly sessionId: string;
  readonly sessionName: string;
  readonly resourceType: string;
  /** `"exists"`: there was one already; it is as it was. */
  readonly sessionStatus: "active" | "exists";
}

export interface Disconnected {
  readonly workerId: string;
  /** How many sessions were destroyed. */
  readonly sessionsCleaned: number;
}

export interface DestroyedSession {
  readonly message: string;
  readonly sessionId: string;
  readonly sessionName: string;
  readonly resourceType: string;
}

export interface SessionList {
  readonly workerId: string;
  readonly sessions: readonly ListedSession[];
  readonly count: number;
}

/** Times as the server gives them. */
export interface ListedSession {
  readonly resourceType: string;
  readonly sessionId: string;
  readonly sessionName: string;
  readonly status: string;
  readonly autoCreated: boolean;
  readonly createdAt: string;
  readonly lastActivity: string;
  /** `null` while a call runs. */
  readonly expiresAt: string | null;
}

export interface RefreshedSession {
  readonly message: string;
  readonly resourceType: string;
  readonly sessionId: string;
  readonly expiresAt: string;
}

export interface RefreshedSessions {
  readonly message: string;
  readonly workerId: string;
  readonly refreshedCount: number;
  /** By resource type. */
  readonly details: Readonly<
    Record<string, { readonly status: string; sessionId: string; expiresAt: string }>
  >;
}

export interface Beat {
  readonly workerId: string;
  /** Resource types with a session. */
  readonly activeSessions: readonly string[];
  readonly timestamp: string;
}

export interface WorkerStatus {
  readonly workerId: string;
  readonly activeResources: readonly string[];
  readonly sessions: Readonly<Record<string, SessionStatus>>;
  /** How many tools the server has. */
  readonly toolsAvailable: number;
}

export interface SessionStatus {
  readonly sessionId: string;
  readonly status: string;
  readonly createdAt: string;
  readonly lastActivity: string;
}

export interface Tool {
  readonly name: string;
  /** `type:name`, or the name alone of a stateless tool. */
  readonly fullName: string;
  readonly resourceType: string | null;
  /** Needs no session. */
  readonly stateless: boolean;
  readonly description: string;
  /** JSON Schema of `params`. */
  readonly parameters: Readonly<Record<string, unknown>>;
}

export interface ToolList {
  readonly tools: readonly Tool[];
  readonly count: number;
}

export interface WarmupSummary {
  readonly total: number;
  readonly warmedUp: number;
  readonly pending: number;
}

export interface WarmupResult {
  readonly status: "success" | "partial_error";
  /** By back end: whether it is warm. */
  readonly results: Readonly<Record<string, boolean>>;
  readonly summary: WarmupSummary;
  /** By back end: why not. */
  readonly errors?: Readonly<Record<string, string>>;
}

export interface WarmupStatus {
  readonly backends: Readonly<Record<string, { loaded: boolean; warmedUp: boolean }>>;
  readonly summary: WarmupSummary;
}

export interface Ready {
  readonly status: string;
  readonly toolsCount: number;
  readonly activeWorkers: number;
  readonly totalSessions: number;
}

/** What became of several sessions. */
export interface InitResult {
  /** 0; 5010 when some could not be made, 5009 when none could. */
  readonly code: number;
  readonly message: string;
  readonly workerId: string;
  /** By resource type. */
  readonly results: Readonly<Record<string, InitializedSession>>;
  readonly total: number;
  readonly successCount: number;
}

export interface InitializedSession {
  readonly status: "success" | "error";
  readonly sessionId: string | null;
  readonly sessionStatus: string;
  readonly error: string | null;
}

/** The fields of an object in camelCase; those of its values stay. What they are is the server's promise. */
export function camel<Fields extends object = Record<string, unknown>>(value: unknown): Fields {
  const entries = Object.entries(Object(value) as object);
  const renamed = entries.map(([name, inner]) => [
    name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
    inner,
  ]);
  return Object.fromEntries(renamed) as Fields;
}

/** `camel` of every value: the keys of the object itself are names that people gave. */
export function camelValues<Fields extends object>(value: unknown): Record<string, Fields> {
  const entries = Object.entries(Object(value) as object);
  return Object.fromEntries(entries.map(([name, inner]) => [name, camel<Fields>(inner)]));
}

const metaNames = new Set([
  ...["execution_time_ms", "resource_type", "session_id", "trace_id", "temporary_session"],
]);

/** The server's fields in camelCase; what a tool has added stays as it is named. */
export function readMeta(meta: object): ToolMeta {
  const entries = Object.entries(meta);
  const ours = entries.filter(([name]) => metaNames.has(name));
  const others = entries.filter(([name]) => !metaNames.has(name));
  return { ...camel(Object.fromEntries(ours)), ...Object.fromEntries(others) } as ToolMeta;
}

export function readAction({ code, message, data, meta }: WireAnswer): ActionResult {
  return { code, message, data, meta: readMeta(meta) };
}
