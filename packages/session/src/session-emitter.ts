import { EventEmitter } from "node:events";
import type { SessionState } from "./state.js";
import type { Exit } from "./worker-process.js";

export interface SessionEvents {
  state: [state: SessionState];
  /** A line that the script printed. While nobody listens it goes to stderr, unless the session is `quiet`. */
  log: [log: { stream: "stdout" | "stderr"; line: string }];
  /** The process has ended and its directory is gone. */
  exit: [exit: Exit];
}

/** Tells what happens to whoever listens. */
export abstract class SessionEmitter extends EventEmitter<SessionEvents> {
  constructor() {
    super();
    this.setMaxListeners(0); // every wait for a state listens
  }

  /** An error in a listener is its program's, not the session's: it surfaces as an uncaught one, and the session goes on. */
  protected tell<Name extends keyof SessionEvents>(
    name: Name,
    value: SessionEvents[Name][0],
  ): void {
    try {
      (this as EventEmitter).emit(name, value);
    } catch (error) {
      process.nextTick(() => {
        throw error;
      });
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
