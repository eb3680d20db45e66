/** What can be said of a session's worker at this moment. */
export interface SessionHealth {
  /**
   * `unresponsive`: its process is there and has given no sign of life for three seconds: stopped, or in
   * C code that keeps the interpreter to itself. A worker of level 1 gives no signs and is called
   * `responsive` while its process is there. `gone`: there is no process.
   */
  readonly status: "responsive" | "unresponsive" | "gone";
  /** Whether its process is there. */
  readonly alive: boolean;
  /** Since when it has owed an answer, in ms since 1970; not there while it owes none. */
  readonly busySince?: number;
  /** How long ago its last sign of life was, in ms. Level 2. */
  readonly heartbeatAgeMs?: number;
  /** The memory that it occupied then, in bytes, where the platform tells. Level 2. */
  readonly rssBytes?: number;
  /** How many requests this process has ended, with a result or an error. */
  readonly callsServed: number;
  /** Which process of the session it is, from 1; 0: it was never started. */
  readonly generation: number;
}
