/** One event, as the bytes of its JSON text. */
export interface LoggedEvent {
  /** From 1. */
  readonly id: number;
  readonly json: Buffer;
}

/** How much of a session's events is kept to be read again, in bytes. */
export const maxLogBytes = 2 ** 20;

interface Kept extends LoggedEvent {
  /** The bytes of all events up to this one and with it. */
  readonly upTo: number;
}

/** The last of a session's events, at most {@link maxLogBytes} of them; any number may read along. */
export class EventLog {
  #kept: Kept[] = [];
  #lastId = 0;
  #total = 0;
  #isEnded = false;
  readonly #readers = new Set<EventReader>();
  readonly #waiting = new Set<() => void>();

  get lastId(): number {
    return this.#lastId;
  }

  /** The id of the oldest that is kept; one more than the last when none is. */
  get firstId(): number {
    return this.#kept[0]?.id ?? this.#lastId + 1;
  }

  get bytes(): number {
    const [first] = this.#kept;
    return first === undefined ? 0 : this.#total - (first.upTo - first.json.length);
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  append(json: Buffer): void {
    this.#total += json.length;
    this.#kept.push({ id: ++this.#lastId, json, upTo: this.#total });
    let surplus = 0;
    while (
      this.#total - (this.#kept[surplus] as Kept).upTo + (this.#kept[surplus] as Kept).json.length >
      maxLogBytes
    ) {
      surplus++;
    }
    if (surplus > 0) this.#kept.splice(0, surplus);
    this.#tell();
  }

  /** No more will come. */
  end(): void {
    this.#isEnded = true;
    this.#tell();
  }

  /** Forgets the events; who reads on is told that they are lost. */
  clear(): void {
    this.#kept = [];
    this.#tell();
  }

  /**
   * Resolves when there is room for so many bytes without losing what somebody has still to read, or
   * with `signal`. Who reads too slowly is to be sent away by whoever sends to it.
   */
  async room(bytes: number, signal: AbortSignal): Promise<void> {
    if (this.#total + bytes <= maxLogBytes) return; // all of it fits
    const isFull = () =>
      [...this.#readers].some((reader) => this.#unread(reader) + bytes > maxLogBytes);
    while (isFull() && !signal.aborted) await this.#change(signal);
  }

  /** Reads what comes after the event of that id; close it. */
  read(afterId: number): EventReader {
    const reader = new EventReader(afterId, {
      find: (id) => this.#find(id),
      change: (signal) => this.#change(signal),
      moved: () => this.#tell(),
      closed: () => {
        this.#readers.delete(reader);
        this.#tell();
      },
    });
    this.#readers.add(reader);
    return reader;
  }

  #unread(reader: EventReader): number {
    const next = this.#kept[reader.afterId + 1 - this.firstId];
    if (next !== undefined) return this.#total - next.upTo + next.json.length;
    return reader.afterId >= this.#lastId ? 0 : this.bytes;
  }

  #find(id: number): LoggedEvent | "end" | "lost" | undefined {
    if (id > this.#lastId) return this.#isEnded ? "end" : undefined;
    return this.#kept[id - this.firstId] ?? "lost";
  }

  #tell(): void {
    if (this.#waiting.size === 0) return;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) wake();
  }

  #change(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const wake = () => {
        signal?.removeEventListener("abort", wake);
        this.#waiting.delete(wake);
        resolve();
      };
      signal?.addEventListener("abort", wake, { once: true });
      this.#waiting.add(wake);
    });
  }
}

interface Source {
  find(id: number): LoggedEvent | "end" | "lost" | undefined;
  change(signal: AbortSignal | undefined): Promise<void>;
  moved(): void;
  closed(): void;
}

/** A place in the log. */
export class EventReader {
  readonly #source: Source;
  #afterId: number;

  constructor(afterId: number, source: Source) {
    this.#afterId = afterId;
    this.#source = source;
  }

  /** The id of the event that was read last. */
  get afterId(): number {
    return this.#afterId;
  }

  /** The next event, when it is there; `"lost"`: it is no longer kept; `undefined`: the signal came first. */
  async next(signal?: AbortSignal): Promise<LoggedEvent | "end" | "lost" | undefined> {
    for (;;) {
      if (signal?.aborted) return undefined;
      const found = this.#source.find(this.#afterId + 1);
      if (found === undefined) {
        await this.#source.change(signal);
        continue;
      }
      if (typeof found === "object") {
        this.#afterId = found.id;
        this.#source.moved();
      }
      return found;
    }
  }

  close(): void {
    this.#source.closed();
  }
}
