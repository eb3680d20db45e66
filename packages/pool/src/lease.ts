import type { CallOptions, PythonSession, PythonStream, StreamOptions, Tensor } from "@tr/session";
import { TrError } from "@tr/session";
import type { PoolWorker } from "./pool-worker.js";

/**
 * One worker for one caller, its state included, until it is released. When the worker crashes every
 * further call is `TR_WORKER_CRASHED`: the process that takes its place knows nothing of that state.
 */
export class Lease {
  readonly #worker: PoolWorker;
  readonly #session: PythonSession;
  #isReleased = false;

  /** @param worker leased already */
  constructor(worker: PoolWorker) {
    this.#worker = worker;
    this.#session = worker.session;
  }

  /** The session itself. It is the pool's: do not close it. @throws TrError `TR_NOT_STARTED` when the lease has been released. */
  get session(): PythonSession {
    if (!this.#isReleased) return this.#session;
    throw new TrError("TR_NOT_STARTED", "the lease was released: acquire a worker first");
  }

  /** As `PythonSession.call`. */
  async call<T = unknown>(
    command: string,
    args: readonly unknown[] = [],
    options: CallOptions = {},
  ): Promise<T> {
    return this.#counted.call<T>(command, args, options);
  }

  /** As `PythonSession.calculate`. */
  async calculate<T extends Tensor = Tensor>(
    command: string,
    ...args: readonly Tensor[] | readonly [...Tensor[], CallOptions]
  ): Promise<T> {
    return this.#counted.calculate<T>(command, ...args);
  }

  /** As `PythonSession.stream`. */
  stream<T = unknown>(
    command: string,
    args: readonly unknown[] = [],
    options: StreamOptions = {},
  ): PythonStream<T> {
    return this.#counted.stream<T>(command, args, options);
  }

  /** Gives the worker back, at most once. What is still under way on it is not waited for. */
  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#worker.giveBack();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.release();
  }

  /** The session, for one call more. */
  get #counted(): PythonSession {
    const { session } = this;
    this.#worker.count();
    return session;
  }
}
