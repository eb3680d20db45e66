import { type HostBlock, maxSlotMessage } from "./host-block.js";
import { hostWords, sleepsFor, spilled, workerWords } from "./layout.js";
import { malformed } from "./memory-errors.js";
import { takeSpill, writeSpill } from "./spill.js";
import { type Spinning, spinner } from "./spinner.js";

export interface HostSlotsOptions {
  readonly block: HostBlock;
  /** Where messages go that are longer than a slot. */
  readonly directory: string;
  /** Sends a byte to the worker, which sleeps. */
  readonly ring: () => void;
  /** Whether looking again and again is allowed here. */
  readonly maySpin: boolean;
}

/** A worker that took longer for its last answer is not waited for in a loop. */
const maxServiceMicros = 200;
/** After a spin in vain the next 1, 2, 4, … calls go without one, up to this many. */
const maxRest = 16;

/**
 * The host's end of the control block: a request goes out, a response comes in, one of each at a time.
 * Nothing here waits. Whoever wants an answer sets `onNews` and calls `expect`.
 */
export class HostSlots {
  /** Called after `expect` when a response may be there, or the request slot free. What is still wanted then is expected again. */
  onNews: () => void = () => {};
  readonly #options: HostSlotsOptions;
  readonly #block: HostBlock;
  readonly #spinning: Spinning;
  #requestNumber = 0;
  #responseTaken = 0;
  #isTakenBack = false;
  /** Something was set that the worker may be waiting for. */
  #isNewToWorker = false;
  #isTakenShown = true;
  #isExpecting = false;
  #wantsFreeSlot = false;
  /** The worker rang while nobody expected anything: it does not ring for that again. */
  #hasMissedBell = false;
  #sleeps: number = sleepsFor.message;
  #rest = 0;
  #nextRest = 1;
  #isClosed = false;

  constructor(options: HostSlotsOptions) {
    this.#options = options;
    this.#block = options.block;
    this.#block.setHostWord(hostWords.sleeps, this.#sleeps);
    this.#block.flush();
    this.#spinning = {
      look: () => this.#hasNews(),
      deliver: () => {
        this.#nextRest = 1;
        this.#deliver();
      },
      rest: () => {
        this.#rest = this.#nextRest;
        this.#nextRest = Math.min(maxRest, this.#nextRest * 2);
        this.#sleep();
      },
    };
  }

  /** Whether the next request can be sent. @throws TrError `TR_SEGMENT_LOST`, as everything here does. */
  get isRequestTaken(): boolean {
    if (this.#isFree()) return true;
    this.#block.refresh();
    return this.#isFree();
  }

  /**
   * Puts a request, and the bytes of its small tensors, into the slot, which must be free.
   *
   * @throws TrError `TR_WORKSPACE_FULL` when it is longer than the slot and there is no space for it.
   */
  sendRequest(text: string, attached?: Uint8Array): void {
    const block = this.#block;
    if (!block.putRequest(text, attached)) {
      const rest = attached === undefined ? [] : [Buffer.alloc(1), attached];
      const bytes = Buffer.concat([Buffer.from(text), ...rest]);
      writeSpill(this.#options.directory, "request.spill", bytes);
      block.putRequestLength(bytes.length + spilled);
    }
    this.#requestNumber = (this.#requestNumber + 1) >>> 0;
    this.#isTakenBack = false;
    block.setHostWord(hostWords.requestNumber, this.#requestNumber);
    if (this.#isWorthASpin()) this.#setSleeps(0);
    this.#isNewToWorker = true;
    this.#show();
  }

  /** Whether the request is the host's again, and the worker never acts on it. */
  takeBackRequest(): boolean {
    if (this.isRequestTaken) return false;
    const block = this.#block;
    block.setHostWord(hostWords.takeBack, this.#requestNumber);
    block.flush();
    block.refresh();
    const isOurs = block.workerWord(workerWords.requestTaken) !== this.#requestNumber;
    block.setHostWord(hostWords.verdict, ((this.#requestNumber << 1) | Number(isOurs)) >>> 0);
    block.flush();
    this.#isTakenBack = isOurs;
    return isOurs;
  }

  /**
   * The response that has come, as a view that is valid until the next call of a method.
   *
   * @throws TrError `TR_PROTOCOL`, `TR_SEGMENT_LOST`
   */
  takeResponse(): Uint8Array | undefined {
    const block = this.#block;
    // Whatever the worker writes: before it was shown that, no other counts, and the event loop has its turn.
    if (!this.#isTakenShown) return undefined;
    if (!this.#hasResponse()) {
      block.refresh();
      if (!this.#hasResponse()) return undefined;
    }
    const number = block.workerWord(workerWords.responseNumber);
    const next = (this.#responseTaken + 1) >>> 0;
    try {
      if (number !== next) throw malformed("the control block", `response ${next}`, number);
      const length = block.responseLength();
      if (length <= maxSlotMessage) return block.readResponse(length);
      if (length < spilled) throw malformed("the response slot", `${maxSlotMessage} bytes`, length);
      return takeSpill(this.#options.directory, "response.spill", length - spilled);
    } finally {
      this.#responseTaken = number;
      block.setHostWord(hostWords.responseTaken, this.#responseTaken);
      this.#isTakenShown = false;
      this.#isNewToWorker = true;
    }
  }

  /**
   * Asks for one call of `onNews`, when there is a response or, with `freeSlot`, when the next request
   * can be sent. Also shows the worker that the last response was taken; without a wish for more that
   * goes with the next request.
   */
  expect({ freeSlot = false } = {}): void {
    if (this.#isClosed) return;
    this.#isExpecting = true;
    this.#wantsFreeSlot = freeSlot;
    if (this.#isWorthASpin()) {
      if (!this.#isTakenShown) this.#show();
      spinner.add(this.#spinning);
      return;
    }
    if (this.#rest > 0) this.#rest--;
    this.#sleep();
  }

  /** The worker has sent a byte. */
  bellRang(): void {
    if (!this.#isExpecting) this.#hasMissedBell = true;
    else if (this.#hasNews()) this.#deliver();
  }

  /** Nothing is delivered any more. */
  close(): void {
    this.#isClosed = true;
    this.#isExpecting = false;
    spinner.delete(this.#spinning);
  }

  #isWorthASpin(): boolean {
    return (
      this.#options.maySpin &&
      this.#rest === 0 &&
      this.#block.workerWord(workerWords.serviceMicros) <= maxServiceMicros
    );
  }

  /** Shows the worker what has changed, and wakes it if it sleeps. False: nothing had changed. */
  #show(): boolean {
    const block = this.#block;
    this.#isTakenShown = true;
    if (!block.flush()) return false;
    block.refresh();
    if (this.#isNewToWorker && block.workerWord(workerWords.sleeps) !== 0) this.#options.ring();
    this.#isNewToWorker = false;
    return true;
  }

  #sleep(): void {
    this.#setSleeps(sleepsFor.message + (this.#wantsFreeSlot ? sleepsFor.freeSlot : 0));
    const wasAwake = this.#show();
    // Who was asleep already has been told of everything since.
    if (!wasAwake && !this.#hasMissedBell && !this.#isNews()) return;
    this.#hasMissedBell = false;
    if (this.#hasNews()) queueMicrotask(() => this.bellRang());
  }

  #setSleeps(sleeps: number): void {
    if (this.#sleeps === sleeps) return;
    this.#sleeps = sleeps;
    this.#block.setHostWord(hostWords.sleeps, sleeps);
  }

  #deliver(): void {
    this.#isExpecting = false;
    this.onNews();
  }

  #hasNews(): boolean {
    try {
      if (this.#isNews()) return true;
      this.#block.refresh();
    } catch {
      return true; // whoever looks for the news finds the error
    }
    return this.#isNews();
  }

  #isNews(): boolean {
    return this.#hasResponse() || (this.#wantsFreeSlot && this.#isFree());
  }

  #hasResponse(): boolean {
    return this.#block.workerWord(workerWords.responseNumber) !== this.#responseTaken;
  }

  #isFree(): boolean {
    if (this.#isTakenBack) return true;
    return this.#block.workerWord(workerWords.requestOwned) === this.#requestNumber;
  }
}
