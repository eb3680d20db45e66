import type { TrError } from "@tr/protocol/errors";
import type { MemoryField } from "@tr/shared-memory";
import type { AnswerTensors } from "./answer-tensors.js";
import type { ArgumentTensors } from "./argument-tensors.js";
import type { MessageSlots } from "./message-slots.js";
import type { PendingRequest } from "./pending-request.js";

export interface SenderOptions {
  readonly slots: MessageSlots;
  readonly argumentTensors: ArgumentTensors;
  readonly tensors: AnswerTensors;
  readonly onSent: (pending: PendingRequest) => void;
  /** It could not be written, or nobody wants it any more. */
  readonly onUnsent: (pending: PendingRequest, error: unknown) => void;
  /** Whatever became of it: another may go. */
  readonly onIdle: () => void;
  /** Something else stands in the place of a file of ours. */
  readonly onBroken: (error: TrError) => void;
}

/** Sends one request after another: its tensors, then the message once the slot is free. */
export class Sender {
  readonly #options: SenderOptions;
  #sending: Promise<void> | undefined;
  #stop: AbortController | undefined;
  #last: PendingRequest | undefined;
  /** Where the tensors are of the one that is being sent, or was sent last. */
  #memory: MemoryField | undefined;

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
        this.#takeArgumentsBack(pending);
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
   * Whether a request that was sent is not any more: exactly one side has it. Not with a worker of
   * dialect 1, which removes it when it has answered.
   */
  takeBack(pending: PendingRequest): boolean {
    const { slots, onBroken } = this.#options;
    if (this.#last !== pending) return false;
    try {
      if (!slots.takeBackRequest()) return false;
    } catch (error) {
      onBroken(error as TrError);
      return false;
    }
    this.#takeArgumentsBack(pending);
    return true;
  }

  /** Of a request that the worker has not run. */
  removeArguments({ request }: PendingRequest): void {
    const { argumentTensors, onBroken } = this.#options;
    try {
      argumentTensors.remove(request.tensors);
    } catch (error) {
      onBroken(error as TrError);
    }
  }

  #takeArgumentsBack(pending: PendingRequest): void {
    this.#options.argumentTensors.reclaim(this.#memory);
    this.#memory = undefined;
    this.removeArguments(pending);
  }

  async #write(pending: PendingRequest, signal: AbortSignal): Promise<void> {
    const { slots, argumentTensors, tensors, onSent } = this.#options;
    const { request } = pending;
    this.#memory = undefined;
    // A call of a session that has ended meanwhile must not run: every wait is cut short, and looked at.
    if (tensors.isReading) await tensors.settled(); // of the same names, perhaps
    if (request.tensors.length > 0) {
      this.#memory = await argumentTensors.put(request.tensors, signal);
    }
    // A dialect-1 worker removes request.json only after it has answered: written before, ours would be lost.
    if (!slots.isRequestTaken) await slots.untilRequestTaken(signal);
    signal.throwIfAborted();
    tensors.forgetClaims();
    slots.sendRequest(request.toText(pending.id, this.#memory));
    this.#last = pending;
    onSent(pending);
  }
}
