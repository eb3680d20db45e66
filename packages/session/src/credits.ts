import type { FileChannel } from "@tr/file-channel";
import { buildCredit } from "@tr/protocol";
import type { TrError } from "@tr/protocol/errors";

/** How many items a stream may give before anything was granted. */
export const firstCredit = 2;

/**
 * How many items each stream under way may give, in `credit.json`: totals since its beginning, all
 * streams in one text, written once in a turn of the event loop however many of them ask.
 */
export class Credits {
  readonly #channel: FileChannel;
  readonly #onError: (error: TrError) => void;
  readonly #granted = new Map<string, number>();
  #write: NodeJS.Immediate | undefined;

  constructor(channel: FileChannel, onError: (error: TrError) => void) {
    this.#channel = channel;
    this.#onError = onError;
  }

  grant(id: string, total: number): void {
    const before = this.#granted.get(id) ?? firstCredit;
    if (total <= before) return;
    this.#granted.set(id, total);
    this.#write ??= setImmediate(() => {
      this.#write = undefined;
      this.#writeNow();
    });
  }

  /** The stream has ended; the next text is without it. */
  forget(id: string): void {
    this.#granted.delete(id);
  }

  /** Nothing is written any more. */
  close(): void {
    clearImmediate(this.#write);
    this.#granted.clear();
  }

  #writeNow(): void {
    if (this.#granted.size === 0) return;
    try {
      this.#channel.writeSync("credit.json", buildCredit(this.#granted));
    } catch (error) {
      this.#onError(error as TrError);
    }
  }
}
