import type { ChildProcess } from "node:child_process";
import type { Socket } from "node:net";
import { availableParallelism } from "node:os";
import { createBlockFile } from "./create-block.js";
import { FileBlock } from "./file-block.js";
import { HostSlots } from "./host-slots.js";
import { HostTensors } from "./host-tensors.js";

/** The worker's descriptor of the pipe that wakes the host: the first after the three that every process has. */
const bellDescriptor = 3;

/** One session's connection through memory, from before its worker is started. */
export class HostCarrier {
  readonly slots: HostSlots;
  readonly tensors: HostTensors;
  /** What the worker's environment must have. */
  readonly env: Readonly<Record<string, string>> = { TR_MEMORY: String(bellDescriptor) };
  /** What `spawn` must have as its `stdio` after stdin, which must be a pipe, stdout and stderr. */
  readonly stdio = ["pipe"] as const;
  readonly #block: FileBlock;
  #child: ChildProcess | undefined;

  /** @throws TrError `TR_WORKSPACE_FULL` */
  constructor(directory: string) {
    this.#block = new FileBlock(createBlockFile(directory));
    this.tensors = new HostTensors(directory, this.#block);
    this.slots = new HostSlots({
      block: this.#block,
      directory,
      ring: () => this.#child?.stdin?.write("\n"),
      maySpin: isOrdered && availableParallelism() > 1,
    });
  }

  /** Listens to the worker that was started with `env` and `stdio`. */
  attach(child: ChildProcess): void {
    this.#child = child;
    const bell = this.bell;
    bell?.on("data", () => this.slots.bellRang());
    bell?.on("error", () => {}); // the worker is gone, which its exit tells
  }

  /** The pipe that the worker rings; it keeps the program alive unless it is unref'ed. */
  get bell(): Socket | undefined {
    return this.#child?.stdio[bellDescriptor] as Socket | undefined;
  }

  /** Idempotent. The files are in the session's directory and go with it. */
  close(): void {
    this.slots.close();
    this.tensors.close();
    this.#block.close();
  }
}

/** x86 keeps stores in order. Elsewhere no flag in memory is trusted: every change is told through the pipe. */
const isOrdered = process.arch === "x64" || process.arch === "ia32";
