import type { FastifyReply } from "fastify";

/** The tools' calls that run: each is cancelled when its client goes away, all when the server must end. */
export class Calls {
  readonly #running = new Set<AbortController>();
  readonly #waiting: (() => void)[] = [];

  async run<Result>(
    { raw }: FastifyReply,
    call: (signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    const control = new AbortController();
    const onClose = () => control.abort();
    raw.once("close", onClose);
    this.#running.add(control);
    try {
      return await call(control.signal);
    } finally {
      raw.off("close", onClose);
      this.#running.delete(control);
      if (this.#running.size === 0) for (const resolve of this.#waiting.splice(0)) resolve();
    }
  }

  /** Resolves when none runs; they are cancelled when `deadline` aborts. */
  async drain(deadline: AbortSignal): Promise<void> {
    const cancel = () => {
      for (const control of this.#running) control.abort("shutdown");
    };
    if (deadline.aborted) cancel();
    deadline.addEventListener("abort", cancel, { once: true });
    if (this.#running.size > 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    deadline.removeEventListener("abort", cancel);
  }
}
