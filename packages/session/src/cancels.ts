import type { FileChannel } from "@tr/file-channel";
import { buildCancel } from "@tr/protocol";

/**
 * The requests that the worker is to stop, through the one `cancel.json`: the next is written when the
 * worker has taken the last. Each is announced, so that a busy worker looks at once.
 */
export class Cancels {
  readonly #channel: FileChannel;
  readonly #announce: () => void;
  readonly #stop: AbortSignal;
  readonly #queue: string[] = [];
  #isWriting = false;

  /** @param announce makes the worker look at cancel.json now, where the platform can */
  constructor(channel: FileChannel, announce: () => void, stop: AbortSignal) {
    this.#channel = channel;
    this.#announce = announce;
    this.#stop = stop;
  }

  ask(id: string): void {
    this.#queue.push(id);
    if (this.#isWriting) return;
    this.#isWriting = true;
    // TR_WORKSPACE_FULL: the worker is not told, so the time of grace ends and it is killed. The reason
    // of #stop: it is gone.
    this.#write().catch(() => undefined);
  }

  /** It has ended by itself. What the worker was told about it already means nothing to it any more. */
  forget(id: string): void {
    const index = this.#queue.indexOf(id);
    if (index !== -1) this.#queue.splice(index, 1);
  }

  async #write(): Promise<void> {
    const channel = this.#channel;
    try {
      while (this.#queue.length > 0) {
        if (channel.exists("cancel.json")) {
          await channel.waitFor(() => !channel.exists("cancel.json") || undefined, {
            timeoutMs: undefined,
            signal: this.#stop,
            keepAlive: false,
          });
        }
        const id = this.#queue.shift();
        if (id === undefined) return; // it ended while this waited
        channel.writeSync("cancel.json", buildCancel(id));
        this.#announce();
      }
    } finally {
      this.#isWriting = false; // in the same turn as the last look at the queue
    }
  }
}
