import type { Peer } from "../peer.js";

// Squares up to 4,095² are exact in float32.
const valueAt = (index: number): number => (index % 4096) / 16;
const markOf = (call: number): number => call % 4096;
/** Every how many values an answer is looked at: a prime, so that no page size hides a gap. */
const stride = 4093;

export function inputOf(floats: number): Float32Array {
  const values = new Float32Array(floats);
  for (let index = 0; index < floats; index++) values[index] = valueAt(index);
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
    this.#values = inputOf(floats);
  }

  async timeMs(): Promise<number> {
    const call = this.#calls++;
    const values = this.#values;
    values[0] = markOf(call); // an answer of the call before would be noticed
    const started = performance.now();
    const squared = await this.#peer.square(values);
    const ms = performance.now() - started;
    this.#check(squared, call);
    return ms;
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
    this.#last = squared;
  }

  #compare(squared: Float32Array, index: number): void {
    const value = this.#values[index] ?? Number.NaN;
    if (squared[index] !== value * value) {
      throw new Error(`a wrong square of ${value} at ${index}: ${squared[index]}`);
    }
  }
}
