import type { FileChannel } from "@tr/file-channel";
import type { Response } from "@tr/protocol";
import { TrError } from "@tr/protocol/errors";
import type { HostTensors } from "@tr/shared-memory";
import type { Tensor } from "@tr/tsr-codec";
import { removeTensors, tagsOf, takeTensor, takeTensors } from "./tensor-files.js";

/** The tensors of answers, in shared memory or in files: which of those are being read, and which somebody has read by their tag. */
export class AnswerTensors {
  readonly #channel: FileChannel;
  readonly #memory: HostTensors | undefined;
  readonly #claimed = new Set<string>();
  readonly #beingRead = new Set<string>();
  readonly #reads = new Set<Promise<unknown>>();

  constructor(channel: FileChannel, memory?: HostTensors) {
    this.#channel = channel;
    this.#memory = memory;
  }

  /**
   * Whether a tensor file that is there may be read by its tag: a worker writes them before the answer
   * that they belong to, which then comes without this one. False: its answer has come and is being read.
   */
  claim(tag: string): boolean {
    if (this.#beingRead.has(tag)) return false;
    this.#claimed.add(tag);
    return true;
  }

  /** Reads and removes a claimed tensor. The next request waits for it: its answer may bring the same name. */
  takeClaimed(tag: string): Promise<Tensor | undefined> {
    return this.#read([tag], takeTensor(this.#channel, tag));
  }

  /** A request goes out: what was claimed before belongs to no answer to come. */
  forgetClaims(): void {
    this.#claimed.clear();
  }

  /**
   * Reads and removes an answer's tensors, at once where that can be; `undefined`: it has none.
   *
   * @param attached what followed its text
   * @throws TrError `TR_PROTOCOL`, `TR_SEGMENT_LOST`, as does what it returns
   */
  take(
    response: Response,
    attached?: Uint8Array,
  ): Map<string, Tensor> | Promise<Map<string, Tensor>> | undefined {
    if (response.memory === undefined || this.#memory === undefined) {
      const tags = tagsOf(response, this.#channel).filter((tag) => !this.#claimed.delete(tag));
      return tags.length === 0 ? undefined : this.#read(tags, takeTensors(this.#channel, tags));
    }
    const shared = this.#memory.take(response.memory, attached);
    return shared instanceof Promise
      ? shared.then((tensors) => this.#complete(tensors, response))
      : this.#complete(shared, response);
  }

  /** With those for which there was no room in the shared memory, in the order in which the answer lists them. */
  #complete(
    shared: Map<string, Tensor>,
    { tensors }: Response,
  ): Map<string, Tensor> | Promise<Map<string, Tensor>> {
    const tags = tensors.filter((tag) => !shared.has(tag));
    const inOrder = (files?: Map<string, Tensor>) =>
      new Map(tensors.map((tag) => [tag, (shared.get(tag) ?? files?.get(tag)) as Tensor]));
    if (tags.length === 0) return tensors.length === 1 ? shared : inOrder();
    return this.#read(tags, takeTensors(this.#channel, tags)).then(inOrder);
  }

  /** Those of an answer that nobody wants. */
  drop(response: Response, attached?: Uint8Array): void {
    removeTensors(this.#channel, tagsOf(response, this.#channel));
    if (response.memory === undefined) return;
    try {
      this.#memory?.drop(response.memory, attached);
    } catch (error) {
      // It names no segment, so that none can be given back, and nobody waits to be told.
      if (!TrError.is(error, "TR_PROTOCOL")) throw error;
    }
  }

  /** The worker cannot read a segment that somebody has cut or removed: the next request has new ones. */
  renewMemory(): void {
    this.#memory?.trim({ all: true });
  }

  get isReading(): boolean {
    return this.#reads.size > 0;
  }

  #read<T>(tags: readonly string[], reading: Promise<T>): Promise<T> {
    for (const tag of tags) this.#beingRead.add(tag);
    const read = reading.finally(() => {
      for (const tag of tags) this.#beingRead.delete(tag);
      this.#reads.delete(settled);
    });
    const settled = read.catch(() => undefined); // its error is for whoever has `read`
    this.#reads.add(settled);
    return read;
  }

  /** Resolves when nothing is being read any more. */
  async settled(): Promise<void> {
    await Promise.all(this.#reads);
  }
}
