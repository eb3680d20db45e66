import { closeSync, writeSync } from "node:fs";
import type { Socket } from "node:net";
import { availableParallelism } from "node:os";
import type { Writable } from "node:stream";
import { createBlockFile, emptyBlock, writeOffer } from "./create-block.js";
import { FileBlock } from "./file-block.js";
import type { HostBlock } from "./host-block.js";
import { HostSlots } from "./host-slots.js";
import { HostTensors } from "./host-tensors.js";
import { offers, offsets, workerWords } from "./layout.js";
import { MappedBlock } from "./mapped-block.js";
import { nameMemoryFile } from "./memory-file-name.js";
import { loadNative, type Native } from "./native.js";
import { spinner } from "./spinner.js";

export interface HostCarrierOptions {
  /** `false`: without native code, whatever is installed. Default: mapped where koffi and the platform let us. */
  readonly mapped?: boolean;
}

/** The worker's process, as Node shows it. */
interface Child {
  readonly stdin: Writable | null;
  readonly stdio: readonly unknown[];
}

/** What a worker has opened. */
export interface Connection {
  readonly kind: "mapped" | "file";
  /** Why it is not mapped. */
  readonly reason: string | undefined;
  readonly slots: HostSlots;
  readonly tensors: HostTensors;
}

/** The worker's descriptor of the pipe that wakes the host: the first after the three that every process has. */
const bellDescriptor = 3;

/**
 * One session's connection through memory, from before its worker is started:
 *
 * 1. the constructor makes the control block in the session's directory,
 * 2. the worker is spawned with `env` and `stdio`, and given to `attach`,
 * 3. when it has said that it is ready, `connect` tells what it has opened.
 */
export class HostCarrier {
  /** What the worker's environment must have. */
  readonly env: Readonly<Record<string, string>> = { TR_MEMORY: String(bellDescriptor) };
  /** What `spawn` must have as its `stdio` after stdin, which must be a pipe, stdout and stderr. */
  readonly stdio = ["pipe"] as const;
  readonly #directory: string;
  readonly #mayMap: boolean;
  readonly #plainFd: number;
  readonly #plain: FileBlock;
  #mapped: { block: MappedBlock; native: Native } | undefined;
  #reason: string | undefined;
  #child: Child | undefined;
  #connection: Connection | undefined;

  /**
   * @param directory the session's, which its owner removes
   * @throws TrError `TR_WORKSPACE_FULL`
   */
  constructor(directory: string, { mapped = true }: HostCarrierOptions = {}) {
    this.#directory = directory;
    this.#mayMap = mapped;
    this.#plainFd = createBlockFile(directory);
    this.#plain = new FileBlock(this.#plainFd);
  }

  /** The pipe that the worker rings; as long as it is referenced it keeps the program alive. */
  get bell(): Socket | undefined {
    return this.#child?.stdio[bellDescriptor] as Socket | undefined;
  }

  /** To be called in the same turn as `spawn`: what takes time here is done while Python starts. */
  attach(child: Child): void {
    this.#child = child;
    this.bell?.on("data", () => this.#connection?.slots.bellRang());
    this.bell?.on("error", () => {}); // the worker is gone, which its exit tells
    this.#reason = this.#mayMap ? this.#map() : "not wanted";
    if (this.#mapped === undefined) writeOffer(this.#plainFd, offers.thisFile);
  }

  /** What the worker has opened; `undefined` when it has opened nothing, and messages must go by files. */
  connect(): Connection | undefined {
    this.#connection ??= this.#find();
    return this.#connection;
  }

  /** Idempotent. The files are in the session's directory and go with it. */
  async close(): Promise<void> {
    this.#connection?.slots.close();
    await this.#connection?.tensors.close();
    this.#mapped?.block.close();
    this.#plain.close();
  }

  /** Makes the memory file; the reason why not. */
  #map(): string | undefined {
    const native = loadNative();
    if (typeof native === "string") return native;
    let fd: number | undefined;
    try {
      fd = native.createMemoryFile(offsets.end);
      writeSync(fd, emptyBlock, 0, emptyBlock.length, 0);
      this.#mapped = { block: new MappedBlock(native, fd), native };
      writeOffer(this.#plainFd, offers.memoryFile, nameMemoryFile(fd));
      return undefined;
    } catch (error) {
      if (fd !== undefined && this.#mapped === undefined) closeSync(fd);
      return (error as Error).message; // a runtime or a sandbox that forbids it: the plain file does
    }
  }

  #find(): Connection | undefined {
    const isUsed = (block: HostBlock) => {
      block.refresh();
      return block.workerWord(workerWords.attached) === 1;
    };
    if (this.#mapped !== undefined && isUsed(this.#mapped.block)) {
      const { block, native } = this.#mapped;
      return this.#use("mapped", block, native);
    }
    if (!isUsed(this.#plain)) return undefined;
    this.#reason ??= "the worker cannot open the host's memory files";
    return this.#use("file", this.#plain, undefined);
  }

  #use(kind: Connection["kind"], block: HostBlock, native: Native | undefined): Connection {
    const slots = new HostSlots({
      block,
      directory: this.#directory,
      ring: () => this.#child?.stdin?.write("\n"),
      maySpin: isOrdered && (native !== undefined || availableParallelism() > 1),
    });
    if (native !== undefined) spinner.yields ??= native.yield;
    const tensors = new HostTensors(this.#directory, block, native);
    return { kind, reason: this.#reason, slots, tensors };
  }
}

/** x86 keeps stores in order. Elsewhere no flag in memory is trusted: every change is told through the pipe. */
const isOrdered = process.arch === "x64" || process.arch === "ia32";
