import type { App } from "./app.js";

/** Counts the answers that are under way. */
export class OpenResponses {
  #count = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(app: App) {
    app.addHook("onRequest", async (_, { raw }) => {
      this.#count++;
      raw.once("close", () => {
        if (--this.#count === 0) for (const resolve of this.#waiting.splice(0)) resolve();
      });
    });
  }

  /** Resolves when there is none. */
  async none(): Promise<void> {
    if (this.#count > 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}
