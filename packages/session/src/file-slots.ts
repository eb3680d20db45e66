import type { FileChannel } from "@tr/file-channel";
import type { MessageSlots, ResponseListener } from "./message-slots.js";

/** A JavaScript string holds no more: a larger answer could not be read. */
const maxResponseBytes = 2 ** 29 - 24;

/** `request.json` and `response.json` in the session directory. */
export class FileSlots implements MessageSlots {
  readonly isTerse = false;
  readonly #channel: FileChannel;
  readonly #listener: ResponseListener;
  readonly #stop: AbortSignal;
  #isListening = false;

  constructor(channel: FileChannel, listener: ResponseListener, stop: AbortSignal) {
    this.#channel = channel;
    this.#listener = listener;
    this.#stop = stop;
  }

  get isRequestTaken(): boolean {
    return !this.#channel.exists("request.json");
  }

  async untilRequestTaken(signal: AbortSignal): Promise<void> {
    await this.#channel.waitFor(() => this.isRequestTaken || undefined, {
      timeoutMs: undefined,
      signal,
      keepAlive: false,
    });
  }

  sendRequest(text: string): void {
    this.#channel.writeSync("request.json", text);
  }

  /** Whoever of the two removes request.json has it. */
  takeBackRequest(): boolean {
    return this.#channel.exists("request.json") && this.#channel.removeSync("request.json");
  }

  takeResponse(): Uint8Array | undefined {
    return this.#channel.takeSync("response.json", { maxBytes: maxResponseBytes });
  }

  listen(): void {
    if (this.#isListening) return;
    this.#isListening = true;
    this.#receive().catch((error) => this.#listener.onBroken(error));
  }

  /** That the file is gone shows it. */
  showTaken(): void {}

  async #receive(): Promise<void> {
    const { isExpecting, onResponse } = this.#listener;
    try {
      while (isExpecting()) {
        const bytes = await this.#channel.waitFor(() => this.takeResponse(), {
          timeoutMs: undefined,
          signal: this.#stop,
          keepAlive: false, // the worker process is held instead, and only while somebody waits
          isRung: true,
        });
        if (bytes !== undefined) onResponse(bytes);
      }
    } finally {
      // In the same turn as the last look at what is expected: a request sent later finds nobody listening.
      this.#isListening = false;
    }
  }
}
