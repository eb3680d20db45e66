import type { Contestant } from "./contestants.js";
import { Lane } from "./lane.js";
import type { Work } from "./work.js";

/**
 * The processes in which the contestants run: for every work a new one each. With `--quick` one each for
 * all works, except for those that want a fresh one: starting them is most of what takes time.
 */
export class Lanes {
  readonly #quick: boolean;
  readonly #kept = new Map<string, Lane>();

  constructor(quick: boolean) {
    this.#quick = quick;
  }

  open({ kind, place }: Contestant, work: Work): Lane {
    const keeps = this.#keeps(work);
    const lane =
      (keeps && this.#kept.get(kind.name)) ||
      new Lane({ kind: kind.name, place, quick: this.#quick });
    if (keeps) this.#kept.set(kind.name, lane);
    return lane;
  }

  /** When it has ended its work. */
  async leave(lane: Lane, work: Work): Promise<void> {
    if (!this.#keeps(work)) await lane.close();
  }

  /** After a failure, with what it was doing. */
  kill(lane: Lane): void {
    for (const [name, kept] of this.#kept) if (kept === lane) this.#kept.delete(name);
    lane.kill();
  }

  async close(): Promise<void> {
    for (const lane of this.#kept.values()) await lane.close();
    this.#kept.clear();
  }

  #keeps(work: Work): boolean {
    return this.#quick && !work.isFresh;
  }
}
