import type { FileChannel } from "@tr/file-channel";
import type { Response } from "@tr/protocol";
import type { Tensor } from "@tr/tsr-codec";
import { tagsOf, takeTensor, takeTensors } from "./tensor-files.js";

/** The tensor files that belong to answers: which are being read, and which somebody has read by their tag. */
export class AnswerTensors {
  readonly #channel: FileChannel;
  readonly #claimed = new Set<string>();
  readonly #beingRead = new Set<string>();
  readonly #reads = new Set<Promise<unknown>>();

  constructor(channel: FileChannel) {
    this.#channel = channel;
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

  /** Reads and removes an answer's tensors; `undefined`: it has none. */
  take(response: Response): Promise<Map<string, Tensor>> | undefined {
    const tags = tagsOf(response, this.#channel).filter((tag) => !this.#claimed.delete(tag));
    if (tags.length === 0) return undefined;
    return this.#read(tags, takeTensors(this.#channel, tags));
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
