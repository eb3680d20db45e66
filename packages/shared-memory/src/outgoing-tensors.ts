import { TrError } from "@tr/protocol/errors";
import { payloadBytes, type Tensor } from "@tr/tsr-codec";
import type { AllocatedTensors } from "./allocated-tensors.js";
import type { IncomingTensors } from "./incoming-tensors.js";
import { aligned, bytesOf, type MemoryField, type TensorEntry } from "./memory-field.js";
import { PendingCopies } from "./pending-copies.js";
import type { SegmentPool } from "./segment-pool.js";

export interface TaggedTensor {
  readonly tag: string;
  readonly tensor: Tensor;
}

/** The tensors of requests: those that are copied lie in one segment for each request. */
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
  put(tensors: readonly TaggedTensor[]): MemoryField | Promise<MemoryField> | undefined {
    const field: MemoryField = { segments: [], tensors: {} };
    const copies: { payload: Uint8Array; entry: TensorEntry }[] = [];
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
    return copies.length === 0 ? field : this.#copy(copies, total, field);
  }

  /** See `HostTensors.reclaim`. */
  reclaim(field: MemoryField): void {
    // What Python has made was not lent to it.
    for (const entry of field.segments) if (entry[0] !== "given") this.#pool.reclaim(entry);
  }

  settled(): Promise<void> {
    return this.#copies.settled();
  }

  #copy(
    copies: readonly { payload: Uint8Array; entry: TensorEntry }[],
    total: number,
    field: MemoryField,
  ): MemoryField | Promise<MemoryField> | undefined {
    const work: Promise<void>[] = [];
    try {
      const place = this.#pool.lend(total);
      if (place?.segment === undefined) {
        this.reclaim(field);
        return undefined;
      }
      const index = field.segments.push(this.#pool.entry(place)) - 1;
      for (const { payload, entry } of copies) {
        entry[0] = index;
        const writing = place.segment.write(payload, entry[1]);
        if (writing !== undefined) work.push(writing);
      }
    } catch (error) {
      void this.#copies.after(work, () => this.reclaim(field)).catch(() => {}); // the first error is told
      throw error;
    }
    if (work.length === 0) return field;
    return this.#copies
      .after(work, () => {})
      .then(
        () => field,
        (error) => {
          this.reclaim(field);
          throw error;
        },
      );
  }
}

/** One that was released since the call was made has none of its elements any more. */
function checkLength(tag: string, { dtype, shape, data }: Tensor): void {
  if (data.byteLength === bytesOf([0, 0, dtype, shape as number[]])) return;
  throw new TrError(
    "TR_INVALID_ARGUMENT",
    `the tensor ${tag}: expected an array of shape [${shape}], found one of ${data.length} elements: it was released, or transferred, before the request was sent`,
  );
}
