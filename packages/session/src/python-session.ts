import { assertName } from "@tr/protocol";
import { TrError } from "@tr/protocol/errors";
import { isTensor, type Tensor } from "@tr/tsr-codec";
import { responseError } from "./errors.js";
import type { Letter } from "./mailbox.js";
import { assertTimeout, type SessionOptions, waitLimitMs } from "./options.js";
import type { Answer, Limits } from "./pending-request.js";
import { answerText, answerValue, callRequest, type Message, messageRequest } from "./requests.js";
import { SessionCore, type SignalOptions } from "./session-core.js";
import { takeTensor, tensorFile, writeTensors } from "./tensor-files.js";
import { typedApi } from "./typed/typed-api.js";
import type { TypedServer } from "./typed/typed-server.js";
import { readyVerdict, waitForVerdict } from "./wait-for-state.js";
import type { ReadyWorker } from "./worker-life.js";

export interface CallOptions extends SignalOptions {
  /** Keyword arguments of the Python function. */
  kwargs?: Record<string, unknown>;
  /** How long the answer may take, in ms, from the moment the request is sent. Default: no limit. */
  timeoutMs?: number;
}

/**
 * A Python process: started, called with JSON and tensors, stopped.
 *
 * `call` and `calculate` are for programs written today. The other methods are those of the older
 * interface (send a tensor, send a request, wait for the answer), each usable alone; their times are
 * milliseconds too, and 0 means for ever.
 */
export class PythonSession extends SessionCore {
  readonly #sends = new Map<string, Promise<void>>();
  readonly #sentTags = new Set<string>();
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
    return answerValue(this.#checked(answer, command)) as T;
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

  /** Whether an answer to `sendRequest` is there and unread: its text or tensor, or the error in its place. */
  newResponse(): boolean {
    if (this.mailbox.isEmpty) this.drain();
    return !this.mailbox.isEmpty;
  }

  /** Resolves to true when the worker waits for a request, to false when the time is up or the worker is gone. */
  async waitUntilReady(timeoutMs = 10_000, { signal }: SignalOptions = {}): Promise<boolean> {
    return waitForVerdict(this, waitLimitMs(timeoutMs), signal, readyVerdict);
  }

  /** Resolves to true when everything sent was answered and the last answer was no error; false: it was one, or the time is up. */
  async waitUntilOk(timeoutMs = 10_000, { signal }: SignalOptions = {}): Promise<boolean> {
    return waitForVerdict(this, waitLimitMs(timeoutMs), signal, (state) =>
      readyVerdict(state) === true ? !this.runningNow().exchange.hasFailed : readyVerdict(state),
    );
  }

  /**
   * Sends a request: plain text (`"matmul input_a input_b"`), a JSON string or an object. Resolves
   * when it is written. The answer is for `waitForResponse`, `waitForTensor` or `readResponse`.
   */
  async sendRequest(message: Message, { signal }: SignalOptions = {}): Promise<void> {
    const life = await this.#readyToSend();
    const request = messageRequest(life.facts, message, this.#isUnread(life));
    const { command } = request;
    if (command === "exit") this.expectExit();
    await new Promise<void>((resolve, reject) => {
      let isSent = false;
      const onSent = () => {
        isSent = true;
        resolve();
      };
      life.exchange.post(request, { signal, onSent }, (outcome) => {
        if (isSent) this.mailbox.put({ command, outcome });
        else reject(outcome);
      });
    });
  }

  /** The text of an unread answer to `sendRequest`; `undefined` when none is there. @throws the error that the answer is. */
  async readResponse(): Promise<string | undefined> {
    const letter = this.newResponse() ? this.mailbox.take() : undefined;
    return letter && this.#asText(this.#opened(letter));
  }

  /** The text of the next answer to `sendRequest`. @throws TrError `TR_CALL_TIMEOUT` (waiting again works), or the error that the answer is. */
  async waitForResponse(timeoutMs = 10_000, { signal }: SignalOptions = {}): Promise<string> {
    return this.#asText(await this.#nextAnswer(timeoutMs, signal));
  }

  /** Sends a request and resolves to the text of its answer. A time-out cancels the request. */
  async fetchResponse(
    message: Message,
    timeoutMs = 10_000,
    { signal }: SignalOptions = {},
  ): Promise<string> {
    return this.#asText(await this.#fetch(message, timeoutMs, signal));
  }

  /** Sends a request and resolves to the tensor of its answer. */
  async fetchTensor(
    message: Message,
    timeoutMs = 10_000,
    options: SignalOptions = {},
  ): Promise<Tensor> {
    return onlyTensor(await this.fetchTensors(message, timeoutMs, options));
  }

  /** Sends a request and resolves to the tensors of its answer. */
  async fetchTensors(
    message: Message,
    timeoutMs = 10_000,
    { signal }: SignalOptions = {},
  ): Promise<Tensor[]> {
    return tensorsOf(await this.#fetch(message, timeoutMs, signal));
  }

  /** The tensor of the next answer to `sendRequest`. @throws TrError `TR_PROTOCOL` when the answer holds none or several. */
  async waitForTensor(timeoutMs = 10_000, options: SignalOptions = {}): Promise<Tensor> {
    return onlyTensor(await this.waitForTensors(timeoutMs, options));
  }

  /** The tensors of the next answer to `sendRequest`. */
  async waitForTensors(timeoutMs = 10_000, { signal }: SignalOptions = {}): Promise<Tensor[]> {
    return tensorsOf(await this.#nextAnswer(timeoutMs, signal));
  }

  /** The tensor of that tag, as soon as it is there: in an answer, or written by the script. @throws TrError `TR_CALL_TIMEOUT`. */
  async recvTensor(
    tag: string,
    timeoutMs = 10_000,
    { signal }: SignalOptions = {},
  ): Promise<Tensor> {
    assertName("tag", tag);
    const limitMs = waitLimitMs(timeoutMs);
    const { worker, exchange } = await this.running();
    const { channel } = worker;
    this.drain();
    const look = () => {
      const isThere = () => channel.exists(`${tag}.tsr`) && exchange.claim(tag);
      return this.mailbox.takeTensor(tag) ?? (isThere() || undefined);
    };
    const found = await channel
      .waitFor(look, { timeoutMs: limitMs, ...(signal && { signal }) })
      .catch((error) => {
        if (signal?.aborted)
          throw new TrError("TR_CANCELLED", "the wait was cancelled", { cause: error });
        throw TrError.is(error, "TR_SESSION_CLOSED") ? this.endReason() : error;
      });
    const tensor = found === true ? await takeTensor(channel, tag) : found;
    if (tensor !== undefined) return tensor;
    throw new TrError("TR_CALL_TIMEOUT", `no tensor ${tag} within ${timeoutMs} ms`, { timeoutMs });
  }

  /** Writes a tensor for the worker under a tag that later requests name. @throws TrError `TR_INVALID_ARGUMENT` when that tag is still unread. */
  async sendTensor(tensor: Tensor, tag: string, { signal }: SignalOptions = {}): Promise<void> {
    assertName("tag", tag);
    const { facts, worker } = this.isStarting ? await this.running() : this.runningNow();
    if (signal?.aborted) throw sendCancelled(tag, signal);
    const file = tensorFile(tag, tensor, facts.level, `tensor ${tag}`);
    if (this.#sends.has(tag) || worker.channel.exists(`${tag}.tsr`)) {
      throw new TrError(
        "TR_INVALID_ARGUMENT",
        `tag: the worker has not read ${tag} yet; choose another, or send a request that uses it`,
      );
    }
    const send = writeTensors(worker.channel, [file], signal)
      .catch((error) => {
        throw signal?.aborted ? sendCancelled(tag, signal) : error;
      })
      .finally(() => this.#sends.delete(tag));
    this.#sends.set(tag, send);
    this.#sentTags.add(tag);
    await send;
  }

  /** When the start and the sends that are under way have ended. */
  async #readyToSend(): Promise<ReadyWorker> {
    if (this.isStarting) await this.running();
    if (this.#sends.size > 0) await Promise.all(this.#sends.values());
    return this.runningNow();
  }

  async #fetch(
    message: Message,
    timeoutMs: number,
    signal: AbortSignal | undefined,
  ): Promise<Answer> {
    const limitMs = waitLimitMs(timeoutMs);
    const life = await this.#readyToSend();
    const request = messageRequest(life.facts, message, this.#isUnread(life));
    if (request.command === "exit") this.expectExit();
    const limits: Limits = { signal, timeoutMs: limitMs };
    return this.#checked(await life.exchange.submit(request, limits), request.command);
  }

  #asText(answer: Answer): string {
    this.mailbox.keep(answer.tensors);
    return answerText(answer);
  }

  async #nextAnswer(timeoutMs: number, signal: AbortSignal | undefined): Promise<Answer> {
    const limitMs = waitLimitMs(timeoutMs);
    if (this.mailbox.isEmpty) await this.running();
    return this.#opened(await this.mailbox.wait(limitMs, signal));
  }

  #opened({ command, outcome }: Letter): Answer {
    if (!("response" in outcome)) throw outcome;
    if (outcome.response.kind === "error") throw responseError(outcome.response, command);
    return outcome;
  }

  #checked(answer: Answer, command: string): Answer {
    if (answer.response.kind === "error") throw responseError(answer.response, command);
    return answer;
  }

  #isUnread({ worker }: ReadyWorker): (word: string) => boolean {
    return (word) => this.#sentTags.has(word) && worker.channel.exists(`${word}.tsr`);
  }
}

function tensorsOf({ response, tensors }: Answer): Tensor[] {
  if (tensors.size > 0) return [...tensors.values()];
  throw new TrError(
    "TR_PROTOCOL",
    `expected an answer with a tensor, found the text "${response.text}"`,
  );
}

function sendCancelled(tag: string, signal: AbortSignal): TrError {
  return new TrError("TR_CANCELLED", `the sending of ${tag} was cancelled`, {
    cause: signal.reason,
  });
}

function onlyTensor(tensors: readonly Tensor[]): Tensor {
  const [first] = tensors;
  if (first !== undefined && tensors.length === 1) return first;
  throw new TrError(
    "TR_PROTOCOL",
    `expected an answer with one tensor, found ${tensors.length}; use waitForTensors or fetchTensors`,
  );
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  return value === null ? "null" : `a value of type ${typeof value}`;
}
