import type { TrError } from "@tr/protocol/errors";
import type { HostSlots } from "@tr/shared-memory";
import type { MessageSlots, ResponseListener } from "./message-slots.js";

/** The control block that both processes share. */
export class MemorySlots implements MessageSlots {
  readonly isTerse = true;
  readonly #slots: HostSlots;
  readonly #listener: ResponseListener;
  readonly #stop: AbortSignal;
  /** Those who wait for a free request slot. */
  readonly #waiters = new Set<() => void>();
  #mustShow = false;
  /** Whether it was expected since the last response was taken. */
  #isExpected = false;

  constructor(slots: HostSlots, listener: ResponseListener, stop: AbortSignal) {
    this.#slots = slots;
    this.#listener = listener;
    this.#stop = stop;
    slots.onNews = () => this.#onNews();
    stop.addEventListener("abort", () => slots.close(), { once: true });
  }

  get isRequestTaken(): boolean {
    return this.#slots.isRequestTaken;
  }

  untilRequestTaken(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#waiters.delete(look);
        signal.removeEventListener("abort", onAbort);
      };
      const onAbort = () => {
        leave();
        reject(signal.reason);
      };
      const look = () => {
        try {
          if (!this.#slots.isRequestTaken) return;
        } catch (error) {
          leave();
          reject(error);
          return;
        }
        leave();
        resolve();
      };
      if (signal.aborted) return onAbort();
      this.#waiters.add(look);
      signal.addEventListener("abort", onAbort);
      this.#expect();
    });
  }

  sendRequest(text: string, attached?: Uint8Array): void {
    this.#slots.sendRequest(text, attached);
  }

  takeBackRequest(): boolean {
    const isOurs = this.#slots.takeBackRequest();
    if (isOurs) for (const look of this.#waiters) look(); // nobody else tells them
    return isOurs;
  }

  takeResponse(): Uint8Array | undefined {
    const bytes = this.#slots.takeResponse();
    if (bytes !== undefined) this.#isExpected = false;
    return bytes;
  }

  listen(): void {
    this.#expect();
  }

  showTaken(): void {
    this.#mustShow = true;
    this.#expect();
  }

  #expect(): void {
    const isExpecting = this.#listener.isExpecting();
    if (this.#stop.aborted || !(isExpecting || this.#waiters.size > 0 || this.#mustShow)) return;
    this.#isExpected = true;
    try {
      this.#slots.expect({ freeSlot: this.#waiters.size > 0 });
    } catch (error) {
      this.#listener.onBroken(error as TrError);
    }
  }

  #onNews(): void {
    if (this.#stop.aborted) return;
    const { onResponse, onBroken } = this.#listener;
    this.#isExpected = false;
    try {
      for (let bytes = this.takeResponse(); bytes !== undefined; bytes = this.takeResponse()) {
        onResponse(bytes);
      }
    } catch (error) {
      onBroken(error as TrError);
      return;
    }
    for (const look of this.#waiters) look();
    if (!this.#isExpected) this.#expect(); // else it was for the next request
  }
}
