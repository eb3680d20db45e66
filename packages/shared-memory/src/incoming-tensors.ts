import type { Tensor } from "@tr/tsr-codec";
import type { AllocatedTensors } from "./allocated-tensors.js";
import { lendBuffer } from "./lent-buffers.js";
import { malformed } from "./memory-errors.js";
import {
  alignment,
  bytesOf,
  inMessage,
  parseMemoryField,
  type SegmentEntry,
  type TensorEntry,
} from "./memory-field.js";
import { PendingCopies } from "./pending-copies.js";
import { tensorOver } from "./tensor-over.js";
import type { BorrowedSegment, WorkerSegments } from "./worker-segments.js";

/** Smaller results are copied: memory of that size is usually warm, and a view costs as much as the copy. */
const minViewBytes = 8 * 2 ** 20;
/** So much may wait for the garbage collector; beyond it results are copied. */
const maxViewBytes = 256 * 2 ** 20;
/** And so many, of small ones: the collector sees no need to hurry, and the worker has 24 segments for everything. */
const maxViews = 16;

interface Given {
  readonly borrowed: BorrowedSegment;
  readonly entry: SegmentEntry;
  readonly offset: number;
}

/** The tensors of responses: copies, or views of the worker's pages. */
export class IncomingTensors {
  readonly #segments: WorkerSegments;
  readonly #allocated: AllocatedTensors;
  readonly #copies = new PendingCopies();
  /** Of what Python has made in shared memory: where their memory is. */
  readonly #given = new WeakMap<ArrayBufferLike, Given>();
  #viewBytes = 0;
  #views = 0;

  constructor(segments: WorkerSegments, allocated: AllocatedTensors) {
    this.#segments = segments;
    this.#allocated = allocated;
  }

  /** See `HostTensors.take`. */
  take(
    value: unknown,
    attached: Uint8Array | undefined,
  ): Map<string, Tensor> | Promise<Map<string, Tensor>> {
    const field = parseMemoryField(value, attached?.length);
    const tensors = new Map<string, Tensor>();
    const work: Promise<void>[] = [];
    // Made elsewhere: a closure of this scope would keep `tensors` for as long as a view of them lives.
    const borrowed = this.#borrow(field.segments);
    const done = () => leaveAll(borrowed);
    try {
      for (const [tag, entry] of Object.entries(field.tensors)) {
        const [index] = entry;
        if (index === inMessage) {
          tensors.set(tag, tensorOver(partOf(attached, entry), entry));
          continue;
        }
        const segment = field.segments[index] as SegmentEntry;
        const { buffer, offset } = this.#find(segment, entry, borrowed[index]);
        if (buffer instanceof Promise) {
          work.push(buffer.then((copy) => void tensors.set(tag, tensorOver(copy, entry))));
        } else tensors.set(tag, tensorOver(buffer, entry, offset));
      }
    } catch (error) {
      void this.#copies.after(work, done).catch(() => {}); // the first error is told
      throw error;
    }
    if (work.length > 0) return this.#copies.after(work, done).then(() => tensors);
    done();
    return tensors;
  }

  /** See `HostTensors.drop`. */
  drop(value: unknown, attached: Uint8Array | undefined): void {
    leaveAll(this.#borrow(parseMemoryField(value, attached?.length).segments));
  }

  /** How to name to the worker what it has made itself in shared memory, and where in it; `undefined`: it has not. */
  named({ buffer, byteOffset }: ArrayBufferView): [SegmentEntry, offset: number] | undefined {
    const given = this.#given.get(buffer);
    if (given === undefined || (given.offset + byteOffset) % alignment !== 0) return undefined;
    const [owner, place, generation, , size, where] = given.entry;
    const entry: SegmentEntry = [owner, place, generation, given.borrowed.lend, size, where];
    return [entry, given.offset + byteOffset];
  }

  settled(): Promise<void> {
    return this.#copies.settled();
  }

  /** `undefined` for what is not the worker's. */
  #borrow(segments: readonly SegmentEntry[]): (BorrowedSegment | undefined)[] {
    return segments.map((entry) => {
      const [owner] = entry;
      return owner === "worker" || owner === "given" ? this.#segments.borrow(entry) : undefined;
    });
  }

  /** A tensor's memory: a copy, or a view that is one of the segment's users. */
  #find(
    entry: SegmentEntry,
    tensor: TensorEntry,
    borrowed: BorrowedSegment | undefined,
  ): { buffer: ArrayBuffer | Promise<ArrayBuffer>; offset: number } {
    const [owner] = entry;
    const [, offset] = tensor;
    const bytes = bytesOf(tensor);
    if (owner === "host") throw malformed("the field memory", "no segment of the host's", entry);
    if (borrowed === undefined) {
      return { buffer: this.#allocated.find(entry, offset + bytes), offset };
    }
    const segment = this.#segments.open(borrowed, entry);
    const isView = bytes > 0 && (owner === "given" || bytes >= minViewBytes);
    const hasRoom = this.#viewBytes + bytes <= maxViewBytes && this.#views < maxViews;
    const view = isView && hasRoom ? segment.view(offset, bytes) : undefined;
    if (view === undefined) return { buffer: segment.read(offset, bytes), offset: 0 };
    borrowed.enter();
    this.#viewBytes += bytes;
    this.#views++;
    if (owner === "given") this.#given.set(view, { borrowed, entry, offset });
    lendBuffer(view, () => {
      this.#viewBytes -= bytes;
      this.#views--;
      segment.release();
      borrowed.leave();
    });
    return { buffer: view, offset: 0 };
  }
}

/** Of bytes that were copied out of the message: all of them if it is one tensor's. */
function partOf(attached: Uint8Array | undefined, entry: TensorEntry): ArrayBuffer {
  const [, offset] = entry;
  const bytes = bytesOf(entry);
  if (attached === undefined) return new ArrayBuffer(0); // checked: it has no elements
  const isAll = offset === 0 && bytes === attached.buffer.byteLength;
  const start = attached.byteOffset + offset;
  return (isAll ? attached.buffer : attached.buffer.slice(start, start + bytes)) as ArrayBuffer;
}

function leaveAll(borrowed: readonly (BorrowedSegment | undefined)[]): void {
  for (const segment of borrowed) segment?.leave();
}
