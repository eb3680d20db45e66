import { TrError } from "@tr/protocol/errors";
import type { PlacedTensors } from "@tr/shared-memory";
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
  /** Something else stands in the place of what is ours. */
  readonly onBroken: (error: TrError) => void;
}

/** Sends one request after another: its tensors, then the message once the slot is free. */
export class Sender {
  readonly #options: SenderOptions;
  #sending: Promise<void> | undefined;
  #stop: AbortController | undefined;
  #last: PendingRequest | undefined;
  /** Where the tensors are of those that did not go by files. */
  readonly #memory = new WeakMap<PendingRequest, PlacedTensors>();

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

  /** At once if nothing is to be waited for. */
  send(pending: PendingRequest): void {
    this.#stop = undefined;
    let put: ReturnType<ArgumentTensors["put"]> | undefined;
    try {
      if (this.#isReady()) {
        put = this.#put(pending);
        if (!(put instanceof Promise)) {
          this.#sendNow(pending, put);
          return;
        }
      }
    } catch (error) {
      this.#fail(pending, error);
      return;
    }
    this.#sending = this.#sendLater(pending, put)
      .catch((error) => this.#fail(pending, error))
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
    const memory = this.#memory.get(pending);
    if (memory !== undefined) this.#options.argumentTensors.reclaim(memory);
    this.#memory.delete(pending);
    this.removeArguments(pending);
  }

  #isReady(): boolean {
    try {
      return !this.#options.tensors.isReading && this.#options.slots.isRequestTaken;
    } catch {
      return false; // what is wrong with the slot is told where that is waited for
    }
  }

  #put({ request }: PendingRequest): ReturnType<ArgumentTensors["put"]> | undefined {
    if (request.tensors.length === 0) return undefined;
    return this.#options.argumentTensors.put(request.tensors, () => this.#signal());
  }

  /** Made when something is to be waited for: most calls through memory do without. */
  #signal(): AbortSignal {
    this.#stop ??= new AbortController();
    return this.#stop.signal;
  }

  /** @param put what has been begun of its tensors */
  async #sendLater(
    pending: PendingRequest,
    put: ReturnType<ArgumentTensors["put"]> | undefined,
  ): Promise<void> {
    const { slots, tensors } = this.#options;
    const signal = this.#signal();
    // A call of a session that has ended meanwhile must not run: every wait is cut short, and looked at.
    if (tensors.isReading) await tensors.settled(); // of the same names, perhaps
    const memory = await (put ?? this.#put(pending));
    if (memory !== undefined) this.#memory.set(pending, memory);
    // A dialect-1 worker removes request.json only after it has answered: written before, ours would be lost.
    if (!slots.isRequestTaken) await slots.untilRequestTaken(signal);
    signal.throwIfAborted();
    this.#sendNow(pending, memory);
  }

  #sendNow(pending: PendingRequest, memory?: PlacedTensors): void {
    const { slots, tensors, onSent } = this.#options;
    if (memory !== undefined) this.#memory.set(pending, memory);
    tensors.forgetClaims();
    const text = pending.request.toText(pending.id, slots.isTerse, memory?.field);
    slots.sendRequest(text, memory?.attached);
    this.#last = pending;
    onSent(pending);
  }

  #fail(pending: PendingRequest, error: unknown): void {
    // The control block has gone: nothing can be sent any more.
    if (TrError.is(error, "TR_SEGMENT_LOST")) this.#options.onBroken(error);
    this.#options.onUnsent(pending, error);
    this.#takeArgumentsBack(pending);
  }
}
