import type { Peer } from "../peer.js";

// Squares up to 4,095² are exact in float32.
const valueAt = (index: number): number => (index % 4096) / 16;
const markOf = (call: number): number => call % 4096;
/** Every how many values an answer is looked at: a prime, so that no page size hides a gap. */
const stride = 4093;

function fill(values: Float32Array): Float32Array {
  for (let index = 0; index < values.length; index++) values[index] = valueAt(index);
  return values;
}

/** Squares the values, says how long that took in ms, and checks the answer after the clock has stopped. */
export class Squares {
  readonly #peer: Peer;
  readonly #values: Float32Array;
  #calls = 0;
  #last: Float32Array | undefined;

  constructor(peer: Peer, floats: number) {
    this.#peer = peer;
    this.#values = fill(peer.input?.(floats) ?? new Float32Array(floats));
  }

  async timeMs(): Promise<number> {
    const call = this.#calls++;
    const values = this.#values;
    values[0] = markOf(call); // an answer of the call before would be noticed
    const started = performance.now();
    const squared = await this.#peer.square(values);
    const ms = performance.now() - started;
    this.#check(squared, call);
    const last = this.#last;
    this.#last = squared;
    return last === undefined ? ms : ms + this.#releaseMs(last);
  }

  #check(squared: Float32Array, call: number): void {
    const values = this.#values;
    const { length } = values;
    if (squared.length !== length || squared.buffer === values.buffer) {
      throw new Error(`expected ${length} values of its own, found ${squared.length}`);
    }
    const step = call === 0 ? 1 : stride;
    for (let index = 0; index < length; index += step) this.#compare(squared, index);
    this.#compare(squared, length - 1);
    if (this.#last !== undefined && this.#last[0] !== markOf(call - 1) ** 2) {
      throw new Error("an answer was overwritten by the next: it was not the caller's own");
    }
  }

  /** Two answers are held at a time: only so it shows when the next overwrites the last. */
  #releaseMs(squared: Float32Array): number {
    const started = performance.now();
    this.#peer.release?.(squared);
    return performance.now() - started;
  }

  #compare(squared: Float32Array, index: number): void {
    const value = this.#values[index] ?? Number.NaN;
    if (squared[index] !== value * value) {
      throw new Error(`a wrong square of ${value} at ${index}: ${squared[index]}`);
    }
  }
}
