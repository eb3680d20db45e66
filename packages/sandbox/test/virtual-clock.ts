import type { Alarm, Clock } from "../src/server/clock.js";

/** Time that stands still until it is moved. What one alarm sets off is done before the next one rings. */
export class VirtualClock implements Clock {
  #now = 0;
  #count = 0;
  readonly #alarms = new Map<number, { at: number; run: () => void }>();

  now(): number {
    return this.#now;
  }

  date(): number {
    return Date.UTC(2026, 0, 1) + this.#now;
  }

  setTimeout(run: () => void, delayMs: number): Alarm {
    const id = this.#count++;
    this.#alarms.set(id, { at: this.#now + delayMs, run });
    return { cancel: () => this.#alarms.delete(id) };
  }

  /** How many alarms are set. */
  get pending(): number {
    return this.#alarms.size;
  }

  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settle();
    for (;;) {
      const [id, alarm] = this.#earliest() ?? [];
      if (id === undefined || alarm === undefined || alarm.at > end) break;
      this.#alarms.delete(id);
      this.#now = Math.max(this.#now, alarm.at);
      alarm.run();
      await settle();
    }
    this.#now = end;
  }

  /** Of two at the same time the one that was set first. */
  #earliest() {
    let found: [number, { at: number; run: () => void }] | undefined;
    for (const entry of this.#alarms) if (!found || entry[1].at < found[1].at) found = entry;
    return found;
  }
}

/** Lets everything happen that waits for nothing but its turn. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
