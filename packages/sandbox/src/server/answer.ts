/** What every route but the unwrapped ones gives. */
export interface Answer {
  /** 0, or one of `codes`, or what a tool chose. */
  code: number;
  message: string;
  data: unknown;
  meta: Meta;
}

/** Always filled by the server; a tool's own envelope may add fields. */
export interface Meta {
  tool: string | null;
  execution_time_ms: number;
  resource_type: string | null;
  session_id: string | null;
  trace_id: string;
  /** True when the session was made for this call alone. */
  temporary_session?: true;
  /** Why there was no session, when the caller may have expected one. */
  note?: string;
  [more: string]: unknown;
}

export const codes = {
  success: 0,
  invalidInput: 4000,
  businessFailure: 4001,
  badRequest: 4002,
  missingField: 4003,
  wrongType: 4004,
  noSession: 4007,
  executionError: 5000,
  unexpectedError: 5005,
  timeout: 5006,
  allFailed: 5009,
  partialFailure: 5010,
  notInitialized: 5011,
  internal: 5013,
} as const;
