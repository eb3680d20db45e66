/** Copies under way, of which nobody may pull the memory away. */
export class PendingCopies {
  readonly #work = new Set<Promise<unknown>>();

  /** Calls `then` when all of them have ended, whatever came of it, and fails as the first of them. */
  async after(copies: readonly Promise<void>[], then: () => void): Promise<void> {
    const done = Promise.allSettled(copies);
    this.#work.add(done);
    const failed = (await done).find(({ status }) => status === "rejected");
    this.#work.delete(done);
    then();
    if (failed !== undefined) throw (failed as PromiseRejectedResult).reason;
  }

  /** Resolves when nothing is being copied any more. */
  async settled(): Promise<void> {
    await Promise.all(this.#work);
  }
}
