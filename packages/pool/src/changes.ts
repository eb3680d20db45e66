import { EventEmitter } from "node:events";
import { TrError } from "@tr/session";
import { longestTimerMs } from "./options.js";

/** Tells that something has changed to whoever waits for it. */
export class Changes {
  readonly #emitter = new EventEmitter().setMaxListeners(0);

  tell(): void {
    this.#emitter.emit("change");
  }

  /**
   * Resolves with the next one; meanwhile this program does not end, though nothing else may hold it: a
   * worker's pause before its next start does not.
   *
   * @throws TrError `TR_CANCELLED`
   */
  next(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const hold = setInterval(() => {}, longestTimerMs);
      const end = () => {
        clearInterval(hold);
        this.#emitter.off("change", onChange);
        signal?.removeEventListener("abort", onAbort);
      };
      const onChange = () => {
        end();
        resolve();
      };
      const onAbort = () => {
        end();
        reject(new TrError("TR_CANCELLED", "the wait was cancelled", { cause: signal?.reason }));
      };
      this.#emitter.on("change", onChange);
      signal?.addEventListener("abort", onAbort, { once: true });
      if (signal?.aborted) onAbort();
    });
  }
}
