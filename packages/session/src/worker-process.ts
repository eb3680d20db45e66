import { spawn } from "node:child_process";
import { type EventEmitter, once } from "node:events";
import type { Socket } from "node:net";
import type { Readable, Writable } from "node:stream";
import { abortable } from "./abortable.js";
import { LineSplitter } from "./line-splitter.js";
import { oomKills } from "./oom-kills.js";
import { killGroup } from "./process-group.js";
import { holdNoLonger, holdWhileBehind } from "./stderr-backlog.js";
import { startTimer } from "./timer.js";

export interface SpawnOptions {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  onLine(stream: "stdout" | "stderr", line: string): void;
  /** Pipes beside the three that every process has. */
  readonly pipes?: readonly "pipe"[] | undefined;
  /** Called in the same turn as the spawn. */
  readonly onSpawn?: ((child: Child, pid: number) => void) | undefined;
}

/** What is used of a child process of Node's; its events are `exit` and `error`. */
export interface Child extends EventEmitter {
  readonly stdin: Writable | null;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  readonly stdio: readonly unknown[];
  ref(): void;
  unref(): void;
}

export interface Exit {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Whether the kernel ended it because memory had run out, as far as that can be told. */
  readonly oom: boolean;
}

/** How many of the last lines of stderr an error message shows. */
const tailLines = 30;
/** After the process has ended, how long its last output may take to arrive: a grandchild can hold the pipe open for ever. */
const drainMs = 500;

/**
 * One running worker. Started in a process group of its own, without a shell; by itself it does not
 * keep this program alive.
 *
 * Plain `node:child_process` rather than execa: importing execa takes 60 ms, more than half of what a
 * session takes from start to its first answer, and its promise waits until every inherited copy of
 * the output pipes is closed, which a grandchild can put off for ever.
 */
export class WorkerProcess {
  readonly pid: number;
  /** Settles when the process has ended and its output has been read. Never rejects. */
  readonly exited: Promise<Exit>;
  readonly #child: Child;
  readonly #tail: string[] = [];
  readonly #oomKillsBefore = oomKills();
  #wasKilled = false;
  #exit: Exit | undefined;
  #holders = 0;

  /** @throws the system's error when the file cannot be run. */
  static async spawn(options: SpawnOptions): Promise<WorkerProcess> {
    const child = spawn(options.file, options.args, {
      cwd: options.cwd,
      env: definedOnly(options.env),
      stdio: ["pipe", "pipe", "pipe", ...(options.pipes ?? [])],
      detached: true, // a group of its own: Ctrl-C in the terminal is the host's to handle, and its children end with it
      windowsHide: true,
      shell: false,
    });
    if (child.pid === undefined) {
      const [error] = await once(child, "error");
      throw error;
    }
    options.onSpawn?.(child, child.pid);
    return new WorkerProcess(child, child.pid, options.onLine);
  }

  /** @param child to be given in the turn in which it was made, or its exit may be missed */
  constructor(child: Child, pid: number, onLine: SpawnOptions["onLine"]) {
    this.#child = child;
    this.pid = pid;
    child.on("error", () => {}); // a failed kill(): the caller of kill looks at the process, not at this
    // The worker may be gone when its stdin is closed: EPIPE then says nothing new.
    child.stdin?.on("error", () => {});
    const drained = (["stdout", "stderr"] as const).map((name) => this.#readLines(name, onLine));
    this.exited = this.#waitForExit(Promise.all(drained));
    this.#reference("unref");
  }

  get hasExited(): boolean {
    return this.#exit !== undefined;
  }

  /** How it has ended. */
  get exit(): Exit {
    return this.#exit ?? { exitCode: null, signal: null, oom: false };
  }

  /** The last lines that the process wrote to stderr. */
  get stderrTail(): string {
    return this.#tail.join("\n");
  }

  /** Keeps this program alive while the process runs, until every holder has called what it got. */
  hold(): () => void {
    if (this.#holders++ === 0) this.#reference("ref");
    let isHeld = true;
    return () => {
      if (isHeld && --this.#holders === 0) this.#reference("unref");
      isHeld = false;
    };
  }

  get #pipes() {
    return this.#child.stdio as readonly (Socket | null | undefined)[];
  }

  #reference(verb: "ref" | "unref"): void {
    this.#child[verb]();
    for (const pipe of this.#pipes) {
      // A socket that is closed already would add a listener at every call.
      if (pipe && !pipe.destroyed) pipe[verb]?.();
    }
  }

  /** Signals the whole process group. Nothing happens when it is gone. */
  kill(signal: "SIGTERM" | "SIGKILL"): void {
    if (this.hasExited) return;
    this.#wasKilled ||= signal === "SIGKILL";
    killGroup(this.pid, signal);
  }

  /** Waits until the process has ended; false when the time is up first. `undefined`: for ever. @throws TrError `TR_CANCELLED`. */
  async waitForExit(timeoutMs: number | undefined, signal?: AbortSignal): Promise<boolean> {
    const release = this.hold();
    let stopTimer = () => {};
    try {
      const ended = this.exited.then(() => true);
      if (timeoutMs === undefined) return await abortable(ended, signal);
      const timeout = new Promise<false>((resolve) => {
        stopTimer = startTimer(timeoutMs, () => resolve(false));
      });
      return await abortable(Promise.race([ended, timeout]), signal);
    } finally {
      stopTimer();
      release();
    }
  }

  #readLines(name: "stdout" | "stderr", onLine: SpawnOptions["onLine"]): Promise<void> {
    const pipe = this.#child[name];
    if (pipe === null) return Promise.resolve();
    const splitter = new LineSplitter((line) => {
      if (name === "stderr") {
        this.#tail.push(line);
        if (this.#tail.length > tailLines) this.#tail.shift();
      }
      onLine(name, line);
    });
    return new Promise((resolve) => {
      pipe.on("data", (chunk: Uint8Array) => {
        splitter.push(chunk);
        if (!this.hasExited) holdWhileBehind(pipe);
      });
      pipe.on("error", () => {}); // followed by close
      pipe.on("close", () => {
        splitter.end();
        resolve();
      });
    });
  }

  async #waitForExit(drained: Promise<unknown>): Promise<Exit> {
    const [exitCode, signal] = (await once(this.#child, "exit")) as [number | null, Exit["signal"]];
    this.#exit = { exitCode, signal, oom: this.#isOutOfMemory(exitCode, signal) };
    killGroup(this.pid, "SIGKILL"); // what it started and left behind
    for (const pipe of [this.#child.stdout, this.#child.stderr]) if (pipe) holdNoLonger(pipe);
    let timer: NodeJS.Timeout | undefined;
    const timeUp = new Promise((resolve) => {
      timer = setTimeout(resolve, drainMs);
    });
    await Promise.race([drained, timeUp]);
    clearTimeout(timer);
    for (const pipe of this.#pipes.slice(1)) pipe?.destroy();
    return this.#exit;
  }

  #isOutOfMemory(exitCode: number | null, signal: Exit["signal"]): boolean {
    // 137: what a shell or `uv run` in front makes of it.
    if (this.#wasKilled || (signal !== "SIGKILL" && exitCode !== 137)) return false;
    const now = oomKills();
    return now !== undefined && this.#oomKillsBefore !== undefined && now > this.#oomKillsBefore;
  }
}

function definedOnly(env: SpawnOptions["env"]): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
