import { type ChildProcess, type IOType, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { type Place, workerScript } from "./place.js";

/** A peer's process: a Python script, or one of Node where its name says so. One that ends unasked ends the lane, so that no call waits for ever. */
export class Worker {
  readonly process: ChildProcess;
  readonly #exited: Promise<unknown>;
  #isStopping = false;

  constructor(place: Place, script: string, args: readonly string[], stdout: IOType) {
    const program = script.endsWith(".mjs") ? process.execPath : place.python;
    this.process = spawn(program, [workerScript(script), ...args], {
      env: place.env,
      stdio: ["pipe", stdout, "inherit"],
    });
    this.#exited = once(this.process, "exit").then(([code, signal]) => {
      if (!this.#isStopping) throw new Error(`${script} ended unasked: ${signal ?? code}`);
    });
  }

  /** The first line that it prints: a server says where it listens. */
  async firstLine(): Promise<string> {
    const { stdout } = this.process;
    if (stdout === null) throw new Error("the worker's stdout is not a pipe");
    const lines = createInterface({ input: stdout });
    const [line] = await once(lines, "line");
    return line;
  }

  /** Every worker leaves when its stdin ends. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.process.stdin?.end();
    await this.#exited;
  }
}
