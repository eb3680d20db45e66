import type { FileChannel } from "@tr/file-channel";
import { TrError } from "@tr/protocol/errors";
import type { HostTensors, MemoryField } from "@tr/shared-memory";
import { removeTensors, type TensorFile, writeTensors } from "./tensor-files.js";

/** The tensors of requests on their way to the worker: through shared memory where that is there and has room, else as files. */
export class ArgumentTensors {
  readonly #channel: FileChannel;
  readonly #memory: HostTensors | undefined;

  constructor(channel: FileChannel, memory: HostTensors | undefined) {
    this.#channel = channel;
    this.#memory = memory;
  }

  /**
   * Puts them where the worker finds them by their tags.
   *
   * @returns what the request must say of it; `undefined` for files
   * @throws TrError `TR_WORKSPACE_FULL`; the signal's reason
   */
  async put(tensors: readonly TensorFile[], signal: AbortSignal): Promise<MemoryField | undefined> {
    const field = await this.#share(tensors);
    if (field === undefined) await writeTensors(this.#channel, tensors, signal);
    return field;
  }

  /** Of a request that was not sent, or was taken back. */
  reclaim(field: MemoryField): void {
    this.#memory?.reclaim(field);
  }

  /** The files of a request that the worker has not run. @throws TrError `TR_PROTOCOL` */
  remove(tensors: readonly TensorFile[]): void {
    removeTensors(
      this.#channel,
      tensors.map(({ tag }) => tag),
    );
  }

  async #share(tensors: readonly TensorFile[]): Promise<MemoryField | undefined> {
    try {
      return await this.#memory?.put(tensors);
    } catch (error) {
      if (TrError.is(error, "TR_WORKSPACE_FULL")) return undefined; // there may be room for a file elsewhere
      throw error;
    }
  }
}
