import { type Progress, parseProgress, parseResponse, type Response } from "@tr/protocol";
import type { TrError } from "@tr/protocol/errors";
import type { Tensor } from "@tr/tsr-codec";
import type { AnswerTensors } from "./answer-tensors.js";
import type { Books } from "./books.js";
import { withoutId } from "./errors.js";
import type { Outcome, PendingRequest } from "./pending-request.js";

export interface DispatcherOptions {
  readonly level: 1 | 2;
  /** Whether bytes of tensors may follow an answer's text. */
  readonly hasAttachments: boolean;
  readonly books: Books;
  readonly tensors: AnswerTensors;
  readonly onProgress: (pending: PendingRequest, progress: Progress) => void;
  readonly onOutcome: (pending: PendingRequest, outcome: Outcome) => void;
  /** The last answer of one that was given up. */
  readonly onStopped: (pending: PendingRequest, response: Response) => void;
  /** What the worker says about it cannot be used. */
  readonly onUnusable: (pending: PendingRequest, error: TrError) => void;
}

/** Gives each answer to the request that it is for; what nobody waits for is dropped with its tensors. */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  #hasFailed = false;
  #served = 0;

  constructor(options: DispatcherOptions) {
    this.#options = options;
  }

  /** Whether the last request that ended did so with an error. */
  get hasFailed(): boolean {
    return this.#hasFailed;
  }

  /** How many requests have had their last answer. */
  get served(): number {
    return this.#served;
  }

  dispatch(bytes: Uint8Array): void {
    const end = this.#options.hasAttachments ? bytes.indexOf(0) : -1;
    // The view is valid until we return, and tensors may be taken later.
    if (end < 0) this.#dispatch(bytes);
    else this.#dispatch(bytes.subarray(0, end), bytes.slice(end + 1));
  }

  #dispatch(bytes: Uint8Array, attached?: Uint8Array): void {
    const { level, books, tensors, onOutcome, onStopped } = this.#options;
    let response: Response;
    try {
      response = parseResponse(bytes);
      if (level === 2 && response.id === undefined) throw withoutId(bytes);
    } catch (error) {
      // Whose answer it was cannot be read from it: everybody who waits for one is told.
      for (const pending of books.active)
        if (owesAnswer(pending)) onOutcome(pending, error as TrError);
      return;
    }
    if (response.error?.code === "TR_SEGMENT_LOST") tensors.renewMemory();
    const found = books.find(response.id);
    const pending = found && owesAnswer(found) ? found : undefined;
    if (response.final && pending !== undefined) {
      this.#hasFailed = response.kind === "error";
      this.#served++;
    }
    if (pending?.phase === "sent" && pending.takes(response)) {
      this.#deliver(pending, response, attached);
      return;
    }
    tensors.drop(response, attached);
    if (pending !== undefined && response.final) onStopped(pending, response);
  }

  #deliver(pending: PendingRequest, response: Response, attached?: Uint8Array): void {
    const { tensors, onOutcome, onUnusable } = this.#options;
    pending.heard();
    if (response.final) pending.answered();
    // The next request waits until these are read: its answer may bring tensors of the same names.
    let reading: ReturnType<AnswerTensors["take"]>;
    try {
      reading = tensors.take(response, attached);
    } catch (error) {
      reading = Promise.reject(error);
    }
    pending.inOrder(
      reading,
      (read = new Map<string, Tensor>()) => {
        if (response.final) onOutcome(pending, { response, tensors: read });
        else if (response.kind === "progress") this.#tellProgress(pending, response);
        else pending.item({ response, tensors: read });
      },
      (error) => onUnusable(pending, error),
    );
  }

  #tellProgress(pending: PendingRequest, { value }: Response): void {
    const { onProgress, onUnusable } = this.#options;
    let progress: Progress;
    try {
      progress = parseProgress(value);
    } catch (error) {
      onUnusable(pending, error as TrError);
      return;
    }
    onProgress(pending, progress);
  }
}

/** Not one that is being sent, nor one whose last answer is being read. */
function owesAnswer({ phase }: PendingRequest): boolean {
  return phase !== "sending" && phase !== "answered";
}
