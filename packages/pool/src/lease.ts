import type { CallOptions, PythonSession, StreamOptions, Tensor } from "@tr/session";
import { TrError } from "@tr/session";

/** One worker for one caller, its state included, until it is released. */
export class Lease {
  readonly #session: PythonSession;
  readonly #onRelease: () => void;
  #isReleased = false;

  constructor(session: PythonSession, onRelease: () => void) {
    this.#session = session;
    this.#onRelease = onRelease;
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
    return this.session.call<T>(command, args, options);
  }

  /** As `PythonSession.calculate`. */
  async calculate<T extends Tensor = Tensor>(
    command: string,
    ...args: readonly Tensor[] | readonly [...Tensor[], CallOptions]
  ): Promise<T> {
    return this.session.calculate<T>(command, ...args);
  }

  /** As `PythonSession.stream`. */
  stream<T = unknown>(
    command: string,
    args: readonly unknown[] = [],
    options: StreamOptions = {},
  ): AsyncIterableIterator<T> {
    return this.session.stream<T>(command, args, options);
  }

  /** Gives the worker back, at most once. What is still under way on it is not waited for. */
  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#onRelease();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.release();
  }
}
