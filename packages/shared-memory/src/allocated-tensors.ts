import { TrError } from "@tr/protocol/errors";
import { lendBuffer } from "./lent-buffers.js";
import { alignment, type SegmentEntry } from "./memory-field.js";
import type { Place, SegmentPool } from "./segment-pool.js";

/** The host's segments in which its user's tensors live. */
export class AllocatedTensors {
  readonly #pool: SegmentPool;
  readonly #places = new WeakMap<ArrayBufferLike, Place>();

  constructor(pool: SegmentPool) {
    this.#pool = pool;
  }

  /**
   * Memory for a tensor; `undefined`: it cannot be mapped here, or too many segments are in use.
   *
   * @throws TrError `TR_WORKSPACE_FULL`
   */
  allocate(bytes: number): ArrayBuffer | undefined {
    const place = this.#pool.allocate(bytes);
    return place && this.#view(place, bytes);
  }

  /** Lends the segment that an array lives in already, and says where in it, where that is one of ours. */
  lend({ buffer, byteOffset }: ArrayBufferView): [SegmentEntry, offset: number] | undefined {
    const place = this.#places.get(buffer);
    // Elements begin at multiples of 64: a part that lies elsewhere is copied.
    if (place?.buffer?.deref() !== buffer || byteOffset % alignment !== 0) return undefined;
    this.#pool.lendAgain(place);
    return [this.#pool.entry(place), byteOffset];
  }

  /**
   * The memory of a tensor that the worker sends back as its result: the buffer that the user has, or
   * another over the same memory where that is gone and the worker has kept it.
   *
   * @throws TrError `TR_INVALID_ARGUMENT`
   */
  find(entry: SegmentEntry, end: number): ArrayBuffer {
    const place = this.#pool.find(entry);
    const buffer = place && this.#view(place, place.segment?.size ?? 0);
    if (buffer !== undefined && end <= buffer.byteLength) return buffer;
    throw new TrError(
      "TR_INVALID_ARGUMENT",
      "a result lies in a tensor of shared memory that was released while the call was running: release it afterwards",
    );
  }

  #view(place: Place, bytes: number): ArrayBuffer | undefined {
    const known = place.buffer?.deref();
    if (known !== undefined && !known.detached) return known;
    const { segment } = place;
    const buffer = segment?.view(0, bytes);
    if (segment === undefined || buffer === undefined) {
      place.isAllocated = false;
      return undefined;
    }
    place.isAllocated = true;
    const reference = new WeakRef(buffer);
    place.buffer = reference;
    this.#places.set(buffer, place);
    lendBuffer(buffer, () => {
      segment.release();
      if (place.buffer !== reference) return;
      place.isAllocated = false;
      place.buffer = undefined;
    });
    return buffer;
  }
}
