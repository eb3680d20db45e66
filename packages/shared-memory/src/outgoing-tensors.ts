import { TrError } from "@tr/protocol/errors";
import { payloadBytes, type Tensor } from "@tr/tsr-codec";
import type { AllocatedTensors } from "./allocated-tensors.js";
import type { IncomingTensors } from "./incoming-tensors.js";
import { maxAttachedBytes } from "./layout.js";
import { aligned, bytesOf, inMessage, type MemoryField, type TensorEntry } from "./memory-field.js";
import { PendingCopies } from "./pending-copies.js";
import type { SegmentPool } from "./segment-pool.js";

export interface TaggedTensor {
  readonly tag: string;
  readonly tensor: Tensor;
}

/** Where the tensors of one request are: the field `memory` that says so, and what goes behind its text. */
export interface PlacedTensors {
  readonly field: MemoryField;
  readonly attached?: Uint8Array;
}

interface Copy {
  readonly payload: Uint8Array;
  readonly entry: TensorEntry;
}

/** The tensors of requests: small ones go in the message; those that are copied lie in one segment for each request. */
export class OutgoingTensors {
  readonly #pool: SegmentPool;
  readonly #allocated: AllocatedTensors;
  readonly #incoming: IncomingTensors;
  readonly #copies = new PendingCopies();

  constructor(pool: SegmentPool, allocated: AllocatedTensors, incoming: IncomingTensors) {
    this.#pool = pool;
    this.#allocated = allocated;
    this.#incoming = incoming;
  }

  /** See `HostTensors.put`. */
  put(tensors: readonly TaggedTensor[]): PlacedTensors | Promise<PlacedTensors> | undefined {
    const field: MemoryField = { segments: [], tensors: {} };
    const copies: Copy[] = [];
    let total = 0;
    for (const { tag, tensor } of tensors) checkLength(tag, tensor);
    for (const { tag, tensor } of tensors) {
      const { dtype, shape, data } = tensor;
      const shared = this.#allocated.lend(data) ?? this.#incoming.named(data);
      if (shared !== undefined) {
        const [segment, offset] = shared;
        const index = field.segments.push(segment) - 1;
        field.tensors[tag] = [index, offset, dtype, [...shape]];
        continue;
      }
      const payload = payloadBytes(tensor);
      const entry: TensorEntry = [0, total, dtype, [...shape]];
      field.tensors[tag] = entry;
      copies.push({ payload, entry });
      total += aligned(payload.length);
    }
    if (copies.length === 0) return { field };
    return total <= maxAttachedBytes
      ? { field, attached: attach(copies) }
      : this.#copy(copies, total, field);
  }

  /** See `HostTensors.reclaim`. */
  reclaim({ field }: PlacedTensors): void {
    // What Python has made was not lent to it.
    for (const entry of field.segments) if (entry[0] !== "given") this.#pool.reclaim(entry);
  }

  settled(): Promise<void> {
    return this.#copies.settled();
  }

  #copy(
    copies: readonly Copy[],
    total: number,
    field: MemoryField,
  ): PlacedTensors | Promise<PlacedTensors> | undefined {
    const placed: PlacedTensors = { field };
    const work: Promise<void>[] = [];
    try {
      const place = this.#pool.lend(total);
      if (place?.segment === undefined) {
        this.reclaim(placed);
        return undefined;
      }
      const index = field.segments.push(this.#pool.entry(place)) - 1;
      for (const { payload, entry } of copies) {
        entry[0] = index;
        const writing = place.segment.write(payload, entry[1]);
        if (writing !== undefined) work.push(writing);
      }
    } catch (error) {
      void this.#copies.after(work, () => this.reclaim(placed)).catch(() => {}); // the first error is told
      throw error;
    }
    if (work.length === 0) return placed;
    return this.#copies
      .after(work, () => {})
      .then(
        () => placed,
        (error) => {
          this.reclaim(placed);
          throw error;
        },
      );
  }
}

/** One buffer of all; a single tensor's own bytes, which are copied when the message is written. */
function attach(copies: readonly Copy[]): Uint8Array {
  for (const { entry } of copies) entry[0] = inMessage;
  const [first, ...others] = copies as [Copy, ...Copy[]];
  if (others.length === 0) return first.payload;
  const last = copies.at(-1) as Copy;
  const all = new Uint8Array(last.entry[1] + last.payload.length);
  for (const { payload, entry } of copies) all.set(payload, entry[1]);
  return all;
}

/** One that was released since the call was made has none of its elements any more. */
function checkLength(tag: string, { dtype, shape, data }: Tensor): void {
  if (data.byteLength === bytesOf([0, 0, dtype, shape as number[]])) return;
  throw new TrError(
    "TR_INVALID_ARGUMENT",
    `the tensor ${tag}: expected an array of shape [${shape}], found one of ${data.length} elements: it was released, or transferred, before the request was sent`,
  );
}
