import type { Progress } from "@tr/protocol";
import { TrError } from "@tr/protocol/errors";
import { isTensor, type Tensor } from "@tr/tsr-codec";
import { DocumentedMethods } from "./documented-methods.js";
import { ItemStream, type PythonStream, type SendStream } from "./item-stream.js";
import { assertTimeout, type SessionOptions } from "./options.js";
import { answerValue, callRequest, checked } from "./requests.js";
import type { SignalOptions } from "./session-core.js";
import { cancelled } from "./stopped-errors.js";
import { type TypedCaller, typedApi } from "./typed/typed-api.js";
import type { TypedServer } from "./typed/typed-server.js";
import type { ReadyWorker } from "./worker-life.js";

export interface CallOptions extends SignalOptions {
  /** Keyword arguments of the Python function. */
  kwargs?: Record<string, unknown>;
  /** How long the answer may take, in ms, from the moment the request is sent. Default: no limit. */
  timeoutMs?: number | undefined;
  /** Called with what the Python function reports by `progress`, before the call is settled. */
  onProgress?: ((progress: Progress) => void) | undefined;
}

export interface StreamOptions extends CallOptions {
  /** How long the whole stream may take, in ms, from the moment the request is sent. Default: no limit. */
  timeoutMs?: number | undefined;
  /** The longest silence of the worker while the consumer waits, in ms; items and progress end it. Default: no limit. */
  idleTimeoutMs?: number | undefined;
}

/**
 * A Python process: started, called with JSON and tensors, stopped.
 *
 * `call` and `calculate` are for programs written today; the methods of the older interface are
 * beside them, each usable alone.
 */
export class PythonSession extends DocumentedMethods {
  #calls = 0;

  constructor(options?: SessionOptions);
  constructor(script: string, sessionId?: string, quiet?: boolean);
  constructor(options: SessionOptions | string = {}, sessionId?: string, quiet?: boolean) {
    super(
      typeof options === "string"
        ? {
            script: options,
            ...(sessionId !== undefined && { sessionId }),
            ...(quiet !== undefined && { quiet }),
          }
        : options,
    );
  }

  /**
   * Calls a Python function: JSON values, tensors, and objects and arrays with tensors anywhere inside
   * go in; its result, likewise, comes out. Arrays must not be changed until the promise is settled.
   * Calls made while others run are sent in order, as many at once as the worker's `concurrency`.
   *
   * A call that is aborted or runs out of time is really stopped: it fails when the worker has stopped
   * it (`stopped: "cancelled"`) or was killed because it did not yield within `cancelGraceMs` (`"killed"`); one that was
   * not sent yet never is (`"unsent"`).
   *
   * @throws TrError `TR_PYTHON_ERROR`, `TR_UNKNOWN_COMMAND`, `TR_CALL_TIMEOUT`, `TR_CANCELLED`, `TR_WORKER_CRASHED`,
   * `TR_SESSION_CLOSED`, `TR_NOT_STARTED`, `TR_INVALID_ARGUMENT`, `TR_NEEDS_LEVEL_2`, `TR_UNSUPPORTED_DTYPE`, `TR_WORKSPACE_FULL`.
   */
  async call<T = unknown>(
    command: string,
    args: readonly unknown[] = [],
    { kwargs = {}, signal, timeoutMs, onProgress }: CallOptions = {},
  ): Promise<T> {
    assertArguments("call", command, args);
    if (timeoutMs !== undefined) assertTimeout("timeoutMs", timeoutMs);
    const ready = this.isStarting ? await this.#started(command, signal) : this.runningNow();
    const request = callRequest(ready.facts, `t${++this.#calls}`, command, args, kwargs);
    const answer = await ready.exchange.submit(request, { signal, timeoutMs, onProgress });
    return answerValue(checked(answer, command)) as T;
  }

  /**
   * The items that a Python generator gives, one after the other. The worker is at most two items ahead
   * of the consumer, and answers other calls meanwhile. `break`, and any other end of a `for await`,
   * stops the generator; its `finally` has run when the loop is left. An error comes after the items
   * before it. The function's arguments and items are as for {@link call}; of a function that is no generator the result is the one item.
   *
   * @throws TrError `TR_INVALID_ARGUMENT`; `next()` rejects as `call` does.
   */
  stream<T = unknown>(
    command: string,
    args: readonly unknown[] = [],
    { kwargs = {}, signal, timeoutMs, idleTimeoutMs, onProgress }: StreamOptions = {},
  ): PythonStream<T> {
    return this.#stream<T>(command, args, { kwargs, signal, timeoutMs, idleTimeoutMs, onProgress });
  }

  /** @param check what must have come true before the request is sent */
  #stream<T>(
    command: string,
    args: readonly unknown[],
    { kwargs = {}, signal, timeoutMs, idleTimeoutMs, onProgress }: StreamOptions,
    check?: () => Promise<void>,
  ): PythonStream<T> {
    assertArguments("stream", command, args);
    if (timeoutMs !== undefined) assertTimeout("timeoutMs", timeoutMs);
    if (idleTimeoutMs !== undefined) assertTimeout("idleTimeoutMs", idleTimeoutMs);
    const to =
      ({ facts, exchange }: ReadyWorker): SendStream =>
      (sink, settle) => {
        const request = callRequest(facts, `t${++this.#calls}`, command, args, kwargs, true);
        const limits = { signal, timeoutMs, onProgress, sink };
        return { exchange, pending: exchange.post(request, limits, settle) };
      };
    const begin = () =>
      this.isStarting ? this.#started(command, signal).then(to) : to(this.runningNow());
    return new ItemStream<T>({
      ...{ command, idleTimeoutMs },
      open: () => (check === undefined ? begin() : check().then(begin)),
    });
  }

  /**
   * Tensors in, one tensor out; options as for `call` may come last.
   *
   * @throws as `call`, and TrError `TR_PROTOCOL` when the result is not one tensor.
   */
  async calculate<T extends Tensor = Tensor>(
    command: string,
    ...args: readonly Tensor[] | readonly [...Tensor[], CallOptions]
  ): Promise<T> {
    const last = args.at(-1);
    const hasOptions = typeof last === "object" && last !== null && !isTensor(last);
    const options = hasOptions ? (last as CallOptions) : undefined;
    const tensors = options === undefined ? args : args.slice(0, -1);
    const wrong = tensors.findIndex((value) => !isTensor(value));
    if (wrong !== -1) {
      throw new TrError(
        "TR_INVALID_ARGUMENT",
        `${command}: expected a tensor as argument ${wrong}, found ${describe(tensors[wrong])}; use call for other values`,
      );
    }
    const result = await this.call(command, tensors, options);
    if (isTensor(result)) return result as T;
    throw new TrError(
      "TR_PROTOCOL",
      `${command}: expected one tensor as the result, found ${describe(result)}; use call for other results`,
    );
  }

  /**
   * A script's commands as typed methods, from the value `server` of a module that `tr types` has
   * written: required arguments by position, then an object of those with defaults, then the options
   * of the call. The first call to a started worker compares its signatures with that module's.
   *
   * @throws (the methods) as `call`, and TrError `TR_PROTOCOL` when the worker's signatures are others.
   */
  as<Api extends object>(server: TypedServer<Api>): Api {
    const caller: TypedCaller = {
      call: (command, args, options) => this.call(command, args, options),
      stream: (command, args, options, check) => this.#stream(command, args, options, check),
    };
    return typedApi(server, caller, (command, signal) => this.#started(command, signal));
  }

  /** The worker, when the start that is under way has ended. */
  async #started(command: string, signal: AbortSignal | undefined): Promise<ReadyWorker> {
    try {
      return await this.running(signal);
    } catch (error) {
      throw signal?.aborted ? cancelled(command, signal)("unsent") : error;
    }
  }
}

function assertArguments(method: string, command: string, args: unknown): void {
  if (Array.isArray(args)) return;
  throw new TrError(
    "TR_INVALID_ARGUMENT",
    `args: expected an array, found ${typeof args}: ${method}("${command}", [value])`,
  );
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  return value === null ? "null" : `a value of type ${typeof value}`;
}
