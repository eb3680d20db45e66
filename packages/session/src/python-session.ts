import { TrError } from "@tr/protocol/errors";
import { isTensor, type Tensor } from "@tr/tsr-codec";
import { DocumentedMethods } from "./documented-methods.js";
import { assertTimeout, type SessionOptions } from "./options.js";
import { answerValue, callRequest, checked } from "./requests.js";
import type { SignalOptions } from "./session-core.js";
import { typedApi } from "./typed/typed-api.js";
import type { TypedServer } from "./typed/typed-server.js";

export interface CallOptions extends SignalOptions {
  /** Keyword arguments of the Python function. */
  kwargs?: Record<string, unknown>;
  /** How long the answer may take, in ms, from the moment the request is sent. Default: no limit. */
  timeoutMs?: number;
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
   * Calls made while one runs are sent in order.
   *
   * @throws TrError `TR_PYTHON_ERROR`, `TR_UNKNOWN_COMMAND`, `TR_CALL_TIMEOUT`, `TR_CANCELLED`, `TR_WORKER_CRASHED`,
   * `TR_SESSION_CLOSED`, `TR_NOT_STARTED`, `TR_INVALID_ARGUMENT`, `TR_NEEDS_LEVEL_2`, `TR_UNSUPPORTED_DTYPE`, `TR_WORKSPACE_FULL`.
   */
  async call<T = unknown>(
    command: string,
    args: readonly unknown[] = [],
    { kwargs = {}, signal, timeoutMs }: CallOptions = {},
  ): Promise<T> {
    if (!Array.isArray(args)) {
      throw new TrError(
        "TR_INVALID_ARGUMENT",
        `args: expected an array, found ${typeof args}: call("${command}", [value])`,
      );
    }
    if (timeoutMs !== undefined) assertTimeout("timeoutMs", timeoutMs);
    const { facts, exchange } = this.isStarting ? await this.running() : this.runningNow();
    const request = callRequest(facts, `t${++this.#calls}`, command, args, kwargs);
    const answer = await exchange.submit(request, { signal, timeoutMs });
    return answerValue(checked(answer, command)) as T;
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
    const options = last === undefined || isTensor(last) ? undefined : (last as CallOptions);
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
    return typedApi(server, this, () => this.running());
  }
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  return value === null ? "null" : `a value of type ${typeof value}`;
}
