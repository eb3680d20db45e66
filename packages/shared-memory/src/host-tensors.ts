import { payloadBytes, type Tensor, type TensorData, type Dtype, elementSize, zeros } from "@tr/tsr-codec";
import type { HostBlock } from "./host-block.js";
import { aligned, bytesOf, type MemoryField, parseMemoryField, type TensorEntry } from "./memory-field.js";
import { type Place, SegmentPool } from "./segment-pool.js";
import type { SegmentFile } from "./segment-file.js";
import { WorkerSegments } from "./worker-segments.js";

export interface TaggedTensor {
  readonly tag: string;
  readonly tensor: Tensor;
}

/** How often unused segments are looked for, in milliseconds. */
const trimMs = 2500;

/** Tensors that go and come in segments. The tensors of one message lie in one segment. */
export class HostTensors {
  readonly #pool: SegmentPool;
  readonly #segments: WorkerSegments;
  #timer: NodeJS.Timeout | undefined;
  #reads = new Set<Promise<unknown>>();

  constructor(directory: string, block: HostBlock) {
    this.#pool = new SegmentPool(directory, block);
    this.#segments = new WorkerSegments(directory, block);
  }

  /**
   * Copies tensors into a segment; at once where they are small, else by the thread pool. The field goes
   * with the request that names their tags. `undefined`: every segment is lent, so that they must go
   * another way.
   *
   * @throws TrError `TR_WORKSPACE_FULL`, with nothing kept
   */
  put(tensors: readonly TaggedTensor[]): MemoryField | Promise<MemoryField> | undefined {
    const payloads = tensors.map(({ tensor }) => payloadBytes(tensor));
    const place = this.#lend(payloads.reduce((sum, { length }) => sum + aligned(length), 0));
    if (place?.segment === undefined) return undefined;
    const entry = this.#pool.entry(place);
    const field: MemoryField = { segments: [entry], tensors: {} };
    const writes: Promise<void>[] = [];
    try {
      let offset = 0;
      for (const [i, { tag, tensor }] of tensors.entries()) {
        const payload = payloads[i] as Uint8Array;
        field.tensors[tag] = [0, offset, tensor.dtype, [...tensor.shape]];
        const writing = place.segment.write(payload, offset);
        if (writing !== undefined) writes.push(writing);
        offset += aligned(payload.length);
      }
    } catch (error) {
      void this.#after(writes, () => this.#pool.reclaim(entry)).catch(() => {}); // the first error is told
      throw error;
    }
    if (writes.length === 0) return field;
    return this.#after(writes, () => {}).then(
      () => field,
      (error) => {
        this.#pool.reclaim(entry);
        throw error;
      },
    );
  }

  /** The request did not go out, or was taken back: its segment is free again. */
  reclaim(field: MemoryField): void {
    for (const entry of field.segments) this.#pool.reclaim(entry);
  }

  /**
   * The tensors of a response, by tag, each in memory of its own; gives the segments back.
   *
   * @param value the response's field `memory`
   * @throws TrError `TR_PROTOCOL`, `TR_SEGMENT_LOST`
   */
  take(value: unknown): Map<string, Tensor> | Promise<Map<string, Tensor>> {
    const field = parseMemoryField(value);
    const tensors = new Map<string, Tensor>();
    const reads: Promise<void>[] = [];
    const segments: SegmentFile[] = [];
    try {
      for (const entry of field.segments) segments.push(this.#segments.open(entry));
      for (const [tag, entry] of Object.entries(field.tensors)) {
        const found = (segments[entry[0]] as SegmentFile).read(entry[1], bytesOf(entry));
        if (found instanceof Promise) {
          reads.push(found.then((buffer) => void tensors.set(tag, tensorOver(buffer, entry))));
        } else tensors.set(tag, tensorOver(found, entry));
      }
    } catch (error) {
      void this.#after(reads, () => this.#giveBack(field)).catch(() => {}); // the first error is told
      throw error;
    }
    if (reads.length > 0) return this.#after(reads, () => this.#giveBack(field)).then(() => tensors);
    this.#giveBack(field);
    return tensors;
  }

  /** A response whose tensors nobody wants. */
  drop(value: unknown): void {
    this.#giveBack(parseMemoryField(value));
  }

  /** Removes segments that are not used; done by itself every few seconds while there are any. */
  trim(options: { all?: boolean } = {}): void {
    this.#pool.trim(options);
    this.#segments.trim();
    if (this.#pool.count > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Resolves when nothing is being written or read any more. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#reads);
  }

  close(): void {
    clearInterval(this.#timer);
    void this.settled().then(() => {
      this.#pool.close();
      this.#segments.close();
    });
  }

  #lend(bytes: number): Place | undefined {
    const place = this.#pool.lend(bytes);
    this.#timer ??= setInterval(() => this.trim(), trimMs).unref();
    return place;
  }

  #giveBack(field: MemoryField): void {
    for (const entry of field.segments) {
      if (entry[0] === "worker") this.#segments.giveBack(entry);
    }
  }

  /** All of them have ended, whatever comes of it, before a segment changes hands. */
  async #after(work: readonly Promise<void>[], then: () => void): Promise<void> {
    const done = Promise.allSettled(work);
    this.#reads.add(done);
    const failed = (await done).find(({ status }) => status === "rejected");
    this.#reads.delete(done);
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
