import type { CallOptions } from "../python-session.js";

/** The last argument of a typed call. */
export type TypedCallOptions = Omit<CallOptions, "kwargs">;

/** The last argument of a typed stream. */
export type TypedStreamOptions = TypedCallOptions & {
  /** The longest silence between two items, in ms. Default: no limit. */
  idleTimeoutMs?: number | undefined;
};
