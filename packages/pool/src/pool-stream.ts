import type { PythonStream } from "@tr/session";

/** A stream, and what gives its place on the worker back; more than once is once. */
export interface Placed<T> {
  readonly stream: PythonStream<T>;
  leave(): void;
}

const done = { done: true, value: undefined } as const;

/** A stream that waits for a worker first. Unlike an async generator it can be left while a `next()` is under way. */
export class PoolStream<T> implements PythonStream<T> {
  readonly #place: (left: AbortSignal) => Promise<Placed<T>>;
  readonly #left = new AbortController();
  #placed: Promise<Placed<T>> | undefined;

  /** @param place waits for a worker until `left` aborts */
  constructor(place: (left: AbortSignal) => Promise<Placed<T>>) {
    this.#place = place;
  }

  async next(): Promise<IteratorResult<T>> {
    const { signal } = this.#left;
    if (signal.aborted) return done;
    this.#placed ??= this.#place(signal);
    try {
      const { stream, leave } = await this.#placed;
      const result = await stream.next().catch((error) => {
        leave();
        throw error;
      });
      if (result.done) leave();
      return result;
    } catch (error) {
      if (signal.aborted) return done; // what is to be said of it is for who has left
      this.#left.abort();
      throw error;
    }
  }

  async return(value?: unknown): Promise<IteratorResult<T>> {
    this.#left.abort();
    const placed = await this.#placed?.catch(() => undefined); // why there is none was for next()
    try {
      await placed?.stream.return();
    } finally {
      placed?.leave();
    }
    return { done: true, value };
  }

  async throw(error?: unknown): Promise<IteratorResult<T>> {
    await this.return();
    throw error;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }
}
