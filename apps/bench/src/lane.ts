import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import type { PlaceData } from "./place.js";
import type { Round } from "./work.js";

export interface LaneData {
  readonly kind: string;
  readonly place: PlaceData;
  readonly quick: boolean;
}

export type LaneOrder =
  | { readonly type: "begin"; readonly work: string }
  | { readonly type: "round" }
  | { readonly type: "end" }
  | { readonly type: "close" };

export type LaneReport =
  | { readonly type: "begun" }
  | { readonly type: "round"; readonly round: Round }
  | { readonly type: "ended" }
  | { readonly type: "closed" }
  | { readonly type: "failed"; readonly reason: string };

/** The slowest of the known peers takes 44 s for 64 MiB on a quiet machine. */
const longestMs = 400_000;

/**
 * One peer in a Node process of its own: no peer's garbage, optimised code or open handles are another's,
 * and its memory and processor time can be told.
 */
export class Lane {
  readonly #process: ChildProcess;

  constructor(data: LaneData) {
    // Also found from src/, where tests run.
    const main = new URL("../dist/lane-main.js", import.meta.url);
    this.#process = fork(main, [JSON.stringify(data)], {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
  }

  /** @throws with the reason when the peer cannot be started. */
  async begin(work: string): Promise<void> {
    await this.#ask({ type: "begin", work }, "begun");
  }

  async round(): Promise<Round> {
    return (await this.#ask({ type: "round" }, "round")).round;
  }

  /** Of the work. */
  async end(): Promise<void> {
    await this.#ask({ type: "end" }, "ended");
  }

  /** The peer is stopped, the process gone. */
  async close(): Promise<void> {
    const exited = once(this.#process, "exit");
    await this.#ask({ type: "close" }, "closed");
    await exited;
  }

  /** After a failure: told to tidy up and leave, and killed a second later. Its worker leaves when its stdin ends. */
  kill(): void {
    const child = this.#process;
    const timer = setTimeout(() => child.kill("SIGKILL"), 1000);
    child.once("exit", () => clearTimeout(timer));
    if (child.exitCode !== null || child.signalCode !== null) clearTimeout(timer);
    else if (child.connected) child.disconnect();
  }

  #ask<T extends LaneReport["type"]>(
    order: LaneOrder,
    answer: T,
  ): Promise<LaneReport & { type: T }> {
    return new Promise((resolve, reject) => {
      const child = this.#process;
      const settle = (act: () => void) => {
        clearTimeout(timer);
        child.off("message", onMessage);
        child.off("exit", onExit);
        act();
      };
      const onMessage = (report: LaneReport) =>
        settle(() => {
          if (report.type === answer) resolve(report as LaneReport & { type: T });
          else if (report.type === "failed") reject(new Error(report.reason));
          else reject(new Error(`the lane said ${report.type} where ${answer} was expected`));
        });
      const onExit = (code: number | null, signal: string | null) =>
        settle(() => reject(new Error(`the lane ended unasked: ${signal ?? code}`)));
      const timer = setTimeout(
        () => settle(() => reject(new Error(`no answer within ${longestMs / 1000} s`))),
        longestMs,
      );
      child.on("message", onMessage);
      child.on("exit", onExit);
      child.send(order, (error) => {
        if (error !== null) settle(() => reject(error));
      });
    });
  }
}
