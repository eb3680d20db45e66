import type { CallOptions, StreamOptions } from "../python-session.js";

/** The last argument of a typed call. */
export type TypedCallOptions = Omit<CallOptions, "kwargs">;

/** The last argument of a typed stream. */
export type TypedStreamOptions = Omit<StreamOptions, "kwargs">;
