import { availableParallelism } from "node:os";
import type { FileChannel } from "@tr/file-channel";
import type { TrError } from "@tr/protocol/errors";
import { type Spinning, spinner } from "@tr/shared-memory/spinner";
import type { MessageSlots, ResponseListener } from "./message-slots.js";

/** A JavaScript string holds no more: a larger answer could not be read. */
const maxResponseBytes = 2 ** 29 - 24;
/** What a worker that is awake takes for a short call by files, and half as much again. */
const maxSpinMs = 0.15;
/** With one processor nothing can come while this one looks. Asking reads files: once is enough. */
const hasOthers = availableParallelism() > 1;
/** After a spin in vain the next 1, 2, 4, … calls go without one, up to this many. */
const maxRest = 16;

/** `request.json` and `response.json` in the session directory. */
export class FileSlots implements MessageSlots {
  readonly isTerse = false;
  readonly #channel: FileChannel;
  readonly #listener: ResponseListener;
  readonly #stop: AbortSignal;
  readonly #spinning: Spinning;
  #isListening = false;
  #rest = 0;
  #nextRest = 1;

  constructor(channel: FileChannel, listener: ResponseListener, stop: AbortSignal) {
    this.#channel = channel;
    this.#listener = listener;
    this.#stop = stop;
    this.#spinning = {
      maxMs: maxSpinMs,
      look: () => this.#isOver() || this.#hasResponse(),
      deliver: () => this.#deliver(),
      rest: () => {
        this.#rest = this.#nextRest;
        this.#nextRest = Math.min(maxRest, this.#nextRest * 2);
        this.#wait();
      },
    };
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

  takeResponse(isThere = false): Uint8Array | undefined {
    return this.#channel.takeSync("response.json", { maxBytes: maxResponseBytes, isThere });
  }

  listen(): void {
    if (this.#isListening) return;
    this.#isListening = true;
    // A worker without a bell takes longer than that.
    if (hasOthers && this.#channel.hasBell && this.#rest === 0) spinner.add(this.#spinning);
    else {
      if (this.#rest > 0) this.#rest--;
      this.#wait();
    }
  }

  /** That the file is gone shows it. */
  showTaken(): void {}

  #isOver(): boolean {
    return this.#stop.aborted || !this.#listener.isExpecting();
  }

  #hasResponse(): boolean {
    try {
      return this.#channel.exists("response.json");
    } catch {
      return true; // whoever takes it finds the error
    }
  }

  #deliver(): void {
    this.#nextRest = 1;
    this.#isListening = false;
    if (this.#isOver()) return;
    const { onResponse, onBroken } = this.#listener;
    let bytes: Uint8Array | undefined;
    try {
      bytes = this.takeResponse(true);
    } catch (error) {
      onBroken(error as TrError);
      return;
    }
    if (bytes !== undefined) onResponse(bytes);
    if (!this.#isOver()) this.listen();
  }

  #wait(): void {
    this.#receive().catch((error) => this.#listener.onBroken(error));
  }

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
