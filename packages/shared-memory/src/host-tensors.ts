import { TrError } from "@tr/protocol/errors";
import {
  type Dtype,
  elementSize,
  payloadBytes,
  type Tensor,
  type TensorData,
  zeros,
} from "@tr/tsr-codec";
import type { HostBlock } from "./host-block.js";
import { lendBuffer, releaseBuffer } from "./lent-buffers.js";
import { malformed } from "./memory-errors.js";
import {
  aligned,
  alignment,
  bytesOf,
  type MemoryField,
  newTensor,
  parseMemoryField,
  type SegmentEntry,
  type TensorEntry,
} from "./memory-field.js";
import type { Native } from "./native.js";
import type { Segment } from "./segment.js";
import { type Place, SegmentPool } from "./segment-pool.js";
import { WorkerSegments } from "./worker-segments.js";

export interface TaggedTensor {
  readonly tag: string;
  readonly tensor: Tensor;
}

/** How often unused segments are looked for, in milliseconds. */
const trimMs = 2500;

/** Smaller results are copied: memory of that size is usually warm, and a view costs as much as the copy. */
const minViewBytes = 8 * 2 ** 20;
/** So much may wait for the garbage collector; beyond it results are copied. */
const maxViewBytes = 256 * 2 ** 20;

/** Counts who still reads a segment of the worker's, the reader of its message being the first. */
class SegmentUsers {
  #count = 1;
  readonly #free: () => void;

  constructor(free: () => void) {
    this.#free = free;
  }

  enter(): void {
    this.#count++;
  }

  leave(): void {
    if (--this.#count === 0) this.#free();
  }
}

/** Tensors that go and come in segments. The tensors of one message lie in one segment. */
export class HostTensors {
  readonly #pool: SegmentPool;
  readonly #segments: WorkerSegments;
  readonly #allocated = new WeakMap<ArrayBufferLike, Place>();
  readonly #work = new Set<Promise<unknown>>();
  #timer: NodeJS.Timeout | undefined;
  #viewBytes = 0;

  constructor(directory: string, block: HostBlock, native?: Native) {
    this.#pool = new SegmentPool(directory, block, native);
    this.#segments = new WorkerSegments(directory, block, native);
  }

  /**
   * A tensor that lives in shared memory, with whatever was there before as its content: sent to the
   * worker it is not copied. `undefined`: not possible here (no native part), or every segment is in use.
   *
   * @throws TrError `TR_INVALID_ARGUMENT`, `TR_WORKSPACE_FULL`
   */
  allocate(shape: readonly number[], dtype: Dtype): Tensor | undefined {
    const entry = newTensor(shape, dtype);
    const place = this.#watched(this.#pool.allocate(bytesOf(entry)));
    const buffer = place && this.#viewOfAllocated(place, bytesOf(entry));
    return buffer && tensorOver(buffer, entry);
  }

  /**
   * Gives the memory of a tensor back that came from {@link allocate} or as a view from {@link take}; its
   * `data` and all views of it are empty from then on. Without it the garbage collector does so. False:
   * it is no such tensor.
   */
  release({ data }: Tensor): boolean {
    return data.buffer instanceof ArrayBuffer && releaseBuffer(data.buffer);
  }

  /**
   * Puts tensors into segments: copies, at once where they are small, else in turns of the event loop;
   * those of {@link allocate} are there already. The field goes with the request that names their tags.
   * `undefined`: every segment is lent, so that they must go another way.
   *
   * @throws TrError `TR_WORKSPACE_FULL`, with nothing kept
   */
  put(tensors: readonly TaggedTensor[]): MemoryField | Promise<MemoryField> | undefined {
    const field: MemoryField = { segments: [], tensors: {} };
    const copies: { payload: Uint8Array; entry: TensorEntry }[] = [];
    let total = 0;
    for (const { tag, tensor } of tensors) {
      const { dtype, shape, data } = tensor;
      const place = this.#allocated.get(data.buffer);
      if (place !== undefined && data.byteOffset % alignment === 0) {
        this.#pool.lendAgain(place);
        const index = field.segments.push(this.#pool.entry(place)) - 1;
        field.tensors[tag] = [index, data.byteOffset, dtype, [...shape]];
        continue;
      }
      const payload = payloadBytes(tensor);
      const entry: TensorEntry = [0, total, dtype, [...shape]];
      field.tensors[tag] = entry;
      copies.push({ payload, entry });
      total += aligned(payload.length);
    }
    if (copies.length === 0) return field;
    return this.#copy(copies, total, field);
  }

  /** The request did not go out, or was taken back: its segments are free again. */
  reclaim(field: MemoryField): void {
    for (const entry of field.segments) this.#pool.reclaim(entry);
  }

  /**
   * The tensors of a response, by tag: each in memory of its own, or over the worker's pages, which it then
   * keeps; gives the other segments back.
   *
   * @param value the response's field `memory`
   * @throws TrError `TR_PROTOCOL`, `TR_SEGMENT_LOST`
   */
  take(value: unknown): Map<string, Tensor> | Promise<Map<string, Tensor>> {
    const field = parseMemoryField(value);
    const tensors = new Map<string, Tensor>();
    const work: Promise<void>[] = [];
    // Made elsewhere: a closure of this scope would keep `tensors` for as long as a view of them lives.
    const users = field.segments.map((entry) => this.#usersOf(entry));
    const done = () => {
      for (const user of users) user.leave();
    };
    try {
      for (const [tag, entry] of Object.entries(field.tensors)) {
        const [index] = entry;
        const segment = field.segments[index] as SegmentEntry;
        const { buffer, offset } = this.#find(segment, entry, users[index] as SegmentUsers);
        if (buffer instanceof Promise) {
          work.push(buffer.then((copy) => void tensors.set(tag, tensorOver(copy, entry))));
        } else tensors.set(tag, tensorOver(buffer, entry, offset));
      }
    } catch (error) {
      void this.#after(work, done).catch(() => {}); // the first error is told
      throw error;
    }
    if (work.length > 0) return this.#after(work, done).then(() => tensors);
    done();
    return tensors;
  }

  /** A response whose tensors nobody wants. */
  drop(value: unknown): void {
    for (const entry of parseMemoryField(value).segments) this.#giveBack(entry);
  }

  /** Removes segments that are not used; done by itself every few seconds while there are any. */
  trim(options: { all?: boolean } = {}): void {
    this.#pool.trim(options);
    this.#segments.trim();
    if (this.#pool.count > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Resolves when nothing is being copied any more. */
  async settled(): Promise<void> {
    await Promise.all(this.#work);
  }

  /** Tensors that live in shared memory stay valid until they are released or collected. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.settled();
    this.#pool.close();
    this.#segments.close();
  }

  #copy(
    copies: readonly { payload: Uint8Array; entry: TensorEntry }[],
    total: number,
    field: MemoryField,
  ): MemoryField | Promise<MemoryField> | undefined {
    const work: Promise<void>[] = [];
    try {
      const place = this.#watched(this.#pool.lend(total));
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
      void this.#after(work, () => this.reclaim(field)).catch(() => {}); // the first error is told
      throw error;
    }
    if (work.length === 0) return field;
    return this.#after(work, () => {}).then(
      () => field,
      (error) => {
        this.reclaim(field);
        throw error;
      },
    );
  }

  /** A tensor's memory: a copy, or a view that is one of the segment's users. */
  #find(
    entry: SegmentEntry,
    tensor: TensorEntry,
    users: SegmentUsers,
  ): { buffer: ArrayBuffer | Promise<ArrayBuffer>; offset: number } {
    const [owner] = entry;
    const [, offset] = tensor;
    const bytes = bytesOf(tensor);
    if (owner === "host") throw malformed("the field memory", "no segment of the host's", entry);
    if (owner === "allocated") {
      const place = this.#pool.find(entry);
      const buffer = place?.isAllocated && this.#viewOfAllocated(place, 0);
      if (buffer && offset + bytes <= buffer.byteLength) return { buffer, offset };
      throw new TrError(
        "TR_INVALID_ARGUMENT",
        "a result lies in a tensor of shared memory that was released while the call was running: release it afterwards",
      );
    }
    const segment = this.#segments.open(entry);
    const isView = bytes > 0 && (owner === "given" || bytes >= minViewBytes);
    const hasRoom = this.#viewBytes + bytes <= maxViewBytes;
    const view = isView && hasRoom ? segment.view(offset, bytes) : undefined;
    if (view === undefined) return { buffer: segment.read(offset, bytes), offset: 0 };
    users.enter();
    this.#viewBytes += bytes;
    lendBuffer(view, this.#viewGone(segment, bytes, users));
    return { buffer: view, offset: 0 };
  }

  #viewGone(segment: Segment, bytes: number, users: SegmentUsers): () => void {
    return () => {
      this.#viewBytes -= bytes;
      segment.release();
      users.leave();
    };
  }

  #usersOf(entry: SegmentEntry): SegmentUsers {
    return new SegmentUsers(() => this.#giveBack(entry));
  }

  /** The buffer of an allocated place: the one that the user has, or a new one where that was collected. */
  #viewOfAllocated(place: Place, bytes: number): ArrayBuffer | undefined {
    const known = place.buffer?.deref();
    if (known !== undefined && !known.detached) return known;
    const { segment } = place;
    const buffer = segment?.view(0, bytes || segment.size);
    if (segment === undefined || buffer === undefined) {
      place.isAllocated = false;
      return undefined;
    }
    place.isAllocated = true;
    const reference = new WeakRef(buffer);
    place.buffer = reference;
    this.#allocated.set(buffer, place);
    lendBuffer(buffer, () => {
      segment.release();
      if (place.buffer !== reference) return;
      place.isAllocated = false;
      place.buffer = undefined;
    });
    return buffer;
  }

  #watched(place: Place | undefined): Place | undefined {
    this.#timer ??= setInterval(() => this.trim(), trimMs).unref();
    return place;
  }

  #giveBack(entry: SegmentEntry): void {
    if (entry[0] === "worker" || entry[0] === "given") this.#segments.giveBack(entry);
  }

  /** All of them have ended, whatever comes of it, before a segment changes hands. */
  async #after(work: readonly Promise<void>[], then: () => void): Promise<void> {
    const done = Promise.allSettled(work);
    this.#work.add(done);
    const failed = (await done).find(({ status }) => status === "rejected");
    this.#work.delete(done);
    then();
    if (failed !== undefined) throw (failed as PromiseRejectedResult).reason;
  }
}

type ArrayType = new (buffer: ArrayBuffer, offset: number, length: number) => TensorData;
const arrayTypes = new Map<Dtype, ArrayType>();

/** A tensor over bytes that begin with its first element. */
export function tensorOver(buffer: ArrayBuffer, entry: TensorEntry, offset = 0): Tensor {
  const [, , dtype, shape] = entry;
  let type = arrayTypes.get(dtype);
  if (type === undefined) {
    type = zeros([0], dtype).data.constructor as ArrayType;
    arrayTypes.set(dtype, type);
  }
  const count = bytesOf(entry) / elementSize(dtype);
  return { dtype, shape, data: new type(buffer, offset, count) } as Tensor;
}
