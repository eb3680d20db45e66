import type { FileChannel } from "@tr/file-channel";
import { buildCredit } from "@tr/protocol";
import type { TrError } from "@tr/protocol/errors";

/** How many items a stream may give before anything was granted. */
export const firstCredit = 2;

/**
 * How many items each stream under way may give, in `credit.json`: totals since its beginning, all
 * streams in one text, written once in a turn of the event loop however many of them ask. A stream that
 * has not used up its first credit is told nothing: a short one would have ended before it reads that, and
 * the file costs as much as all the rest of it.
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

  /** @param received how many items have come */
  grant(id: string, total: number, received: number): void {
    const before = this.#granted.get(id) ?? firstCredit;
    if (total <= before || received < firstCredit) return;
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
