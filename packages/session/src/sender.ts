import type { FileChannel } from "@tr/file-channel";
import type { TrError } from "@tr/protocol/errors";
import type { AnswerTensors } from "./answer-tensors.js";
import type { PendingRequest } from "./pending-request.js";
import { removeTensors, writeTensors } from "./tensor-files.js";

export interface SenderOptions {
  readonly channel: FileChannel;
  readonly tensors: AnswerTensors;
  readonly onSent: (pending: PendingRequest) => void;
  /** It could not be written, or nobody wants it any more. */
  readonly onUnsent: (pending: PendingRequest, error: unknown) => void;
  /** Whatever became of it: another may go. */
  readonly onIdle: () => void;
  /** Something else stands in the place of a file of ours. */
  readonly onBroken: (error: TrError) => void;
}

/** Writes one request after another: its tensors, then `request.json` once that is free. */
export class Sender {
  readonly #options: SenderOptions;
  #sending: Promise<void> | undefined;
  #stop: AbortController | undefined;
  #last: PendingRequest | undefined;

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  get isIdle(): boolean {
    return this.#sending === undefined;
  }

  /** Resolves when nothing is being written. */
  async settled(): Promise<void> {
    await this.#sending;
  }

  send(pending: PendingRequest): void {
    const stop = new AbortController();
    this.#stop = stop;
    this.#sending = this.#write(pending, stop.signal)
      .catch((error) => {
        this.#options.onUnsent(pending, error);
        this.removeArguments(pending);
      })
      .finally(() => {
        this.#sending = undefined;
        this.#options.onIdle();
      });
  }

  /** What is being written is not sent. */
  stop(): void {
    this.#stop?.abort();
  }

  /**
   * Whether a request that was sent is not any more: whoever of the two removes request.json has it.
   * Not with a worker of dialect 1, which removes it when it has answered.
   */
  takeBack(pending: PendingRequest): boolean {
    const { channel, onBroken } = this.#options;
    if (this.#last !== pending || !channel.exists("request.json")) return false;
    try {
      if (!channel.removeSync("request.json")) return false;
    } catch (error) {
      onBroken(error as TrError);
      return false;
    }
    this.removeArguments(pending);
    return true;
  }

  /** Of a request that the worker has not run. */
  removeArguments({ request }: PendingRequest): void {
    const { channel, onBroken } = this.#options;
    const tags = request.tensors.map(({ tag }) => tag);
    try {
      removeTensors(channel, tags);
    } catch (error) {
      onBroken(error as TrError);
    }
  }

  async #write(pending: PendingRequest, signal: AbortSignal): Promise<void> {
    const { channel, tensors, onSent } = this.#options;
    const { request } = pending;
    // A call of a session that has ended meanwhile must not run: every wait is cut short, and looked at.
    if (tensors.isReading) await tensors.settled(); // of the same names, perhaps
    if (request.tensors.length > 0) await writeTensors(channel, request.tensors, signal);
    // A dialect-1 worker removes request.json only after it has answered: written before, ours would be lost.
    if (channel.exists("request.json")) {
      await channel.waitFor(() => !channel.exists("request.json") || undefined, {
        timeoutMs: undefined,
        signal,
        keepAlive: false,
      });
    }
    signal.throwIfAborted();
    tensors.forgetClaims();
    channel.writeSync("request.json", request.toText(pending.id));
    this.#last = pending;
    onSent(pending);
  }
}
