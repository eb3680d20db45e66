import type { PendingRequest } from "./pending-request.js";

/** The requests that have no outcome yet: those that wait for their turn, and those whose turn has come. */
export class Books {
  readonly #queue: PendingRequest[] = [];
  /** Being sent, or sent and without a last answer; in the order of sending. */
  readonly #active = new Map<string, PendingRequest>();

  /** Whether the worker owes an answer. */
  get isBusy(): boolean {
    return this.#active.size > 0;
  }

  get active(): PendingRequest[] {
    return [...this.#active.values()];
  }

  /** How many have no outcome, and whether somebody waits for one of them. */
  get counts(): { unanswered: number; isAwaited: boolean } {
    return { unanswered: this.#active.size + this.#queue.length, isAwaited: this.#isAwaited() };
  }

  /** Asked at every change: the first that is awaited ends the look, or many in the queue would cost their square. */
  #isAwaited(): boolean {
    for (const pending of this.#active.values()) if (pending.isAwaited) return true;
    return this.#queue.some(({ isAwaited }) => isAwaited);
  }

  add(pending: PendingRequest): void {
    this.#queue.push(pending);
  }

  /** The one whose turn it is, if fewer than `places` are taken. */
  next(places: number): PendingRequest | undefined {
    let taken = 0;
    for (const { takesPlace } of this.#active.values()) if (takesPlace) taken++;
    if (taken >= places) return undefined;
    const pending = this.#queue.shift();
    if (pending === undefined) return undefined;
    pending.phase = "sending";
    this.#active.set(pending.id, pending);
    return pending;
  }

  /** The one that an answer is for. Level 1 says no id: it answers in order. */
  find(id: string | undefined): PendingRequest | undefined {
    const key = id ?? this.#active.keys().next().value;
    return key === undefined ? undefined : this.#active.get(key);
  }

  remove(pending: PendingRequest): void {
    if (this.#active.delete(pending.id)) return;
    const index = this.#queue.indexOf(pending);
    if (index !== -1) this.#queue.splice(index, 1);
  }

  /** All of them, those that were sent first; only what is being read stays in the books. */
  close(): PendingRequest[] {
    const open = this.active.filter(({ phase }) => phase !== "answered");
    for (const { id } of open) this.#active.delete(id);
    return [...open, ...this.#queue.splice(0)];
  }

  /** See {@link PendingRequest.waitsBehindAnother}. */
  limitTheQueue(): void {
    if (!this.active.some(({ phase }) => phase === "left")) return;
    for (const pending of this.#queue) pending.waitsBehindAnother();
  }
}
