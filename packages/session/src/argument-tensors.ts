import type { FileChannel } from "@tr/file-channel";
import { TrError } from "@tr/protocol/errors";
import type { HostTensors, PlacedTensors } from "@tr/shared-memory";
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
   * Puts them where the worker finds them by their tags, at once where that can be.
   *
   * @returns what the request must say of it; `undefined` for files
   * @throws TrError `TR_WORKSPACE_FULL`; the signal's reason
   */
  put(
    tensors: readonly TensorFile[],
    signal: () => AbortSignal,
  ): PlacedTensors | Promise<PlacedTensors | undefined> {
    const write = () => writeTensors(this.#channel, tensors, signal()).then(() => undefined);
    try {
      const placed = this.#memory?.put(tensors);
      return placed instanceof Promise
        ? placed.catch(unlessFull).then((it) => it ?? write())
        : (placed ?? write());
    } catch (error) {
      unlessFull(error);
      return write();
    }
  }

  /** Of a request that was not sent, or was taken back. */
  reclaim(placed: PlacedTensors): void {
    this.#memory?.reclaim(placed);
  }

  /** The files of a request that the worker has not run. @throws TrError `TR_PROTOCOL` */
  remove(tensors: readonly TensorFile[]): void {
    removeTensors(
      this.#channel,
      tensors.map(({ tag }) => tag),
    );
  }
}

/** There may be room for a file where there is none for memory. */
function unlessFull(error: unknown): undefined {
  if (!TrError.is(error, "TR_WORKSPACE_FULL")) throw error;
}
