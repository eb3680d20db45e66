import { setTimeout as sleep } from "node:timers/promises";
import { TrError } from "@tr/protocol/errors";
import { refusal, unreachable, type WireAnswer } from "./errors.js";
import { Connections, type HttpAnswer, NoAnswer } from "./http.js";
import { fromJson, toJson } from "./json.js";
import { findPlace, type Place, type PlaceOptions } from "./place.js";

export interface RequestOptions {
  readonly signal?: AbortSignal | undefined;
  /** The longest wait for the answer, in ms. */
  readonly timeoutMs?: number | undefined;
  /** True: does not keep the program alive. */
  readonly isIdle?: boolean | undefined;
  /** False: a server that does not answer is not asked again. */
  readonly retry?: boolean | undefined;
}

/** A JSON answer, whatever its status. */
export interface JsonAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** How long before a request is sent again, in ms: a server that is being started anew is back soon. */
const retryDelaysMs = [100, 200, 400];

/** Requests to one server: where it is, what lets in, what may be sent again, and what errors there are. */
export class Requests {
  readonly #options: PlaceOptions;
  readonly #connections = new Connections();
  readonly #pending = new Set<AbortController>();
  #place: Place | undefined;

  constructor(options: PlaceOptions) {
    this.#options = options;
  }

  /** Where the server is. @throws TrError `TR_INVALID_ARGUMENT` for a config file that cannot be read */
  get place(): Place {
    if (this.#place?.url === undefined) this.#place = findPlace(this.#options);
    return this.#place;
  }

  /** Looks for the server anew at the next request. */
  forget(): void {
    this.#place = undefined;
  }

  /** Resolves to a wrapped answer, also one that says what failed. */
  async post(path: string, body: object, options: RequestOptions = {}): Promise<WireAnswer> {
    const { status, body: answer } = await this.json("POST", path, body, options);
    // What is too large has a remedy of its own.
    if (!isWireAnswer(answer) || status === 413)
      throw refusal(this.place.url ?? "", status, answer);
    return answer;
  }

  /** Resolves to an answer that is not wrapped. */
  async plain(
    method: "GET" | "POST",
    path: string,
    body?: object,
    options: RequestOptions = {},
  ): Promise<Record<string, unknown>> {
    const { status, body: answer } = await this.json(method, path, body, options);
    return this.accept(status, answer);
  }

  /** @throws TrError for an answer that is none of a sandbox, or its refusal */
  accept(status: number, body: unknown): Record<string, unknown> {
    const isObject = typeof body === "object" && body !== null;
    if (isObject && (status === 200 || status === 207)) return body as Record<string, unknown>;
    throw refusal(this.place.url ?? "", status, body);
  }

  async json(
    method: "GET" | "POST",
    path: string,
    body?: object,
    options: RequestOptions = {},
  ): Promise<JsonAnswer> {
    const text = body && toJson(body);
    const answer = await this.#sendSafely(method, path, text, options);
    try {
      return { status: answer.status, body: fromJson(answer.text) };
    } catch (cause) {
      if (answer.status !== 200) throw refusal(this.place.url ?? "", answer.status, undefined);
      const message = `${this.place.url}${path}: no answer of a sandbox: ${(cause as Error).message}`;
      throw new TrError("TR_PROTOCOL", message, { cause });
    }
  }

  /** @throws TrError `TR_CANCELLED` */
  async pause(delayMs: number, signal: AbortSignal | undefined): Promise<void> {
    await this.#abortable({ signal }, (own) => sleep(delayMs, undefined, { signal: own }));
  }

  /** Ends what is under way with `TR_SESSION_CLOSED`. */
  close(): void {
    const reason = new TrError("TR_SESSION_CLOSED", "the client was closed during the request");
    for (const pending of this.#pending) pending.abort(reason);
    this.#connections.close();
  }

  /** Sends again what certainly has not run, or only asks. */
  async #sendSafely(
    method: "GET" | "POST",
    path: string,
    body: string | undefined,
    options: RequestOptions,
  ): Promise<HttpAnswer> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await this.#sendWithToken(method, path, body, options);
      } catch (error) {
        if (!(error instanceof NoAnswer)) throw error;
        const { url = "" } = this.place;
        this.forget();
        const delayMs = retryDelaysMs[attempt];
        const isSafe = method === "GET" || !error.mayHaveRun;
        if (!isSafe || options.retry === false || delayMs === undefined) {
          throw unreachable(url, error);
        }
        await this.pause(delayMs, options.signal);
      }
    }
  }

  /** A server that was started anew may have another token, which can be found as the first one was. */
  async #sendWithToken(
    method: "GET" | "POST",
    path: string,
    body: string | undefined,
    options: RequestOptions,
  ): Promise<HttpAnswer> {
    const { url, token } = this.place;
    const answer = await this.#send(method, path, body, options);
    if (answer.status !== 401) return answer;
    this.forget();
    const isSame = this.place.url === url && this.place.token === token;
    return isSame ? answer : this.#send(method, path, body, options);
  }

  async #send(
    method: "GET" | "POST",
    path: string,
    body: string | undefined,
    { signal, timeoutMs, isIdle }: RequestOptions,
  ): Promise<HttpAnswer> {
    const { url, token } = this.place;
    if (url === undefined) {
      const text = `no server runs with ${this.#options.config}; start one with start() or tr serve`;
      const fields = { url: "", mayHaveRun: false };
      throw new TrError("TR_SANDBOX_UNREACHABLE", text, fields);
    }
    return this.#abortable({ signal, timeoutMs, isIdle }, (own) =>
      this.#connections.send({
        ...{ method, url: `${url}${path}`, token, body, isIdle },
        signal: own,
      }),
    );
  }

  /** `run` with a signal that the caller, the time limit and {@link close} abort. */
  async #abortable<T>(
    { signal, timeoutMs, isIdle }: RequestOptions,
    run: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    if (signal?.aborted) throw cancelled(signal, true);
    const own = new AbortController();
    const onAbort = () => own.abort(cancelled(signal as AbortSignal, false));
    const timer =
      timeoutMs === undefined
        ? undefined
        : setTimeout(() => own.abort(timedOut(timeoutMs)), timeoutMs);
    if (isIdle) timer?.unref();
    signal?.addEventListener("abort", onAbort, { once: true });
    this.#pending.add(own);
    try {
      return await run(own.signal);
    } catch (error) {
      throw own.signal.aborted ? own.signal.reason : error;
    } finally {
      this.#pending.delete(own);
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
    }
  }
}

function isWireAnswer(value: unknown): value is WireAnswer {
  return (
    typeof value === "object" && value !== null && "code" in value && Number.isInteger(value.code)
  );
}

function cancelled(signal: AbortSignal, isUnsent: boolean): TrError {
  return new TrError("TR_CANCELLED", "the request was aborted", {
    cause: signal.reason,
    ...(isUnsent && { stopped: "unsent" as const }),
  });
}

function timedOut(timeoutMs: number): TrError {
  return new TrError("TR_CALL_TIMEOUT", `no answer within ${timeoutMs} ms`, { timeoutMs });
}
