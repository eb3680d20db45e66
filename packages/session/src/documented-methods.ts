import { assertName } from "@tr/protocol";
import { TrError } from "@tr/protocol/errors";
import type { Tensor } from "@tr/tsr-codec";
import type { Letter } from "./mailbox.js";
import { waitLimitMs } from "./options.js";
import type { Answer, Limits } from "./pending-request.js";
import { answerText, checked, type Message, messageRequest } from "./requests.js";
import type { SignalOptions } from "./session-core.js";
import type { SessionState } from "./state.js";
import { tensorFile, writeTensors } from "./tensor-files.js";
import { TensorMemory } from "./tensor-memory.js";
import { readyVerdict, waitForVerdict } from "./wait-for-state.js";
import type { ReadyWorker } from "./worker-life.js";

/**
 * The documented method set of the older interface: send a tensor, send a request, wait for the
 * answer. Times are milliseconds, and 0 means for ever.
 */
export abstract class DocumentedMethods extends TensorMemory {
  readonly #sends = new Map<string, Promise<void>>();
  readonly #sentTags = new Set<string>();

  /** Whether an answer to `sendRequest` is there and unread: its text or tensor, or the error in its place. */
  newResponse(): boolean {
    if (this.mailbox.isEmpty) this.drain();
    return !this.mailbox.isEmpty;
  }

  /** Resolves to true when the worker waits for a request, to false when the time is up or the worker is gone. */
  async waitUntilReady(timeoutMs = 10_000, { signal }: SignalOptions = {}): Promise<boolean> {
    return waitForVerdict(this, waitLimitMs(timeoutMs), signal, (state) => this.#verdict(state));
  }

  /** Resolves to true when everything sent was answered and the last answer was no error; false: it was one, or the time is up. */
  async waitUntilOk(timeoutMs = 10_000, { signal }: SignalOptions = {}): Promise<boolean> {
    return waitForVerdict(this, waitLimitMs(timeoutMs), signal, (state) => {
      const verdict = this.#verdict(state);
      return verdict === true ? !this.runningNow().exchange.hasFailed : verdict;
    });
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
      const isThere = () => channel.exists(`${tag}.tsr`) && exchange.tensors.claim(tag);
      return this.mailbox.takeTensor(tag) ?? (isThere() || undefined);
    };
    const found = await channel
      .waitFor(look, { timeoutMs: limitMs, ...(signal && { signal }) })
      .catch((error) => {
        if (signal?.aborted)
          throw new TrError("TR_CANCELLED", "the wait was cancelled", { cause: error });
        throw TrError.is(error, "TR_SESSION_CLOSED") ? this.endReason() : error;
      });
    const tensor = found === true ? await exchange.tensors.takeClaimed(tag) : found;
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

  /** A crash is none while another start is to come. */
  #verdict(state: SessionState): boolean | undefined {
    return state.status === "crashed" && this.isStarting ? undefined : readyVerdict(state);
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
    return checked(await life.exchange.submit(request, limits), request.command);
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
    return checked(outcome, command);
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
