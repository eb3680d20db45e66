import { EventEmitter } from "node:events";
import type { Progress } from "@tr/protocol";
import type { TrError } from "@tr/protocol/errors";
import type { SessionState } from "./state.js";
import type { Exit } from "./worker-process.js";

export interface SessionEvents {
  state: [state: SessionState];
  /** A line that the script printed. While nobody listens it goes to stderr, unless the session is `quiet`. */
  log: [log: { stream: "stdout" | "stderr"; line: string }];
  /** How far a call has come. `total`: `undefined` when the script does not know. */
  progress: [progress: Progress & { command: string; requestId: string }];
  /** The worker has said that it lives: about once a second, also during a call. `rssBytes`: the memory it occupies. */
  heartbeat: [
    beat: {
      seq: number;
      phase: string;
      requestId: string | undefined;
      rssBytes: number | undefined;
    },
  ];
  /** The worker has given no sign of life for three of its heartbeats. Once; the next `heartbeat` says that it is back. */
  unresponsive: [silence: { sinceMs: number }];
  /** A crashed worker will be started again, by the option `restart`, after `delayMs`. `generation`: of that start. */
  restart: [restart: { generation: number; delayMs: number; reason: TrError }];
  /**
   * `TR_WORKSPACE_FULL`: there was no room in the workspace, and the session that is starting uses the temporary
   * directory instead. Told to listeners only.
   */
  warning: [warning: TrError];
  /** The process has ended and its directory is gone. */
  exit: [exit: Exit];
}

/** An error in a listener is its program's, not the session's: it surfaces as an uncaught one, and the session goes on. */
export function callListener(listener: () => void): void {
  try {
    listener();
  } catch (error) {
    process.nextTick(() => {
      throw error;
    });
  }
}

/** Tells what happens to whoever listens. */
export abstract class SessionEmitter extends EventEmitter<SessionEvents> {
  constructor() {
    super();
    this.setMaxListeners(0); // every wait for a state listens
  }

  protected tell<Name extends keyof SessionEvents>(
    name: Name,
    value: SessionEvents[Name][0],
  ): void {
    // One by one: a listener that throws does not keep it from those behind it.
    for (const listener of (this as EventEmitter).rawListeners(name)) {
      callListener(() => Reflect.apply(listener, this, [value]));
    }
  }

  /** A line that the script printed; without a listener it goes to stderr behind `label`, unless `quiet`. */
  protected tellLine(
    stream: "stdout" | "stderr",
    line: string,
    label: string,
    quiet: boolean,
  ): void {
    if (this.listenerCount("log") > 0) this.tell("log", { stream, line });
    else if (!quiet) process.stderr.write(`${label} ${line}\n`);
  }
}
