import type { FileChannel } from "@tr/file-channel";
import type { TrError } from "@tr/protocol/errors";

/** A JavaScript string holds no more: a larger answer could not be read. */
const maxResponseBytes = 2 ** 29 - 24;

export interface AnswerSlotOptions {
  readonly channel: FileChannel;
  readonly stop: AbortSignal;
  /** Whether an answer is to come. */
  readonly isExpecting: () => boolean;
  readonly onAnswer: (bytes: Uint8Array) => void;
  /** What stands in the place of an answer cannot be read. */
  readonly onBroken: (error: TrError) => void;
}

/** `response.json`: takes what the worker puts there, for as long as anything is expected. */
export class AnswerSlot {
  readonly #options: AnswerSlotOptions;
  #isListening = false;

  constructor(options: AnswerSlotOptions) {
    this.#options = options;
  }

  listen(): void {
    if (this.#isListening) return;
    this.#isListening = true;
    this.#receive().catch((error) => this.#options.onBroken(error));
  }

  /** Takes what is there now. @throws what stands there instead of an answer. */
  takeAll(): void {
    const { onAnswer } = this.#options;
    for (let bytes = this.#take(); bytes !== undefined; bytes = this.#take()) onAnswer(bytes);
  }

  async #receive(): Promise<void> {
    const { channel, stop, isExpecting, onAnswer } = this.#options;
    try {
      while (isExpecting()) {
        const bytes = await channel.waitFor(() => this.#take(), {
          timeoutMs: undefined,
          signal: stop,
          keepAlive: false, // the worker process is held instead, and only while somebody waits
        });
        if (bytes !== undefined) onAnswer(bytes);
      }
    } finally {
      // In the same turn as the last look at what is expected: a request sent later finds nobody listening.
      this.#isListening = false;
    }
  }

  #take(): Uint8Array | undefined {
    return this.#options.channel.takeSync("response.json", { maxBytes: maxResponseBytes });
  }
}
