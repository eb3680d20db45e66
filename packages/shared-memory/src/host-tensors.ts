import type { Dtype, Tensor } from "@tr/tsr-codec";
import { AllocatedTensors } from "./allocated-tensors.js";
import type { HostBlock } from "./host-block.js";
import { IncomingTensors } from "./incoming-tensors.js";
import { releaseBuffer } from "./lent-buffers.js";
import { bytesOf, newTensor } from "./memory-field.js";
import type { Native } from "./native.js";
import { OutgoingTensors, type PlacedTensors, type TaggedTensor } from "./outgoing-tensors.js";
import { SegmentPool } from "./segment-pool.js";
import { tensorOver } from "./tensor-over.js";
import { WorkerSegments } from "./worker-segments.js";

/** How often unused segments are looked for, in milliseconds. */
const trimMs = 2500;

/** Tensors that go and come in segments, small ones in the message itself. The tensors of one message that are copied lie in one segment. */
export class HostTensors {
  readonly #pool: SegmentPool;
  readonly #segments: WorkerSegments;
  readonly #allocated: AllocatedTensors;
  readonly #outgoing: OutgoingTensors;
  readonly #incoming: IncomingTensors;
  readonly #canMap: boolean;
  #timer: NodeJS.Timeout | undefined;

  constructor(directory: string, block: HostBlock, native?: Native) {
    this.#pool = new SegmentPool(directory, block, native);
    this.#segments = new WorkerSegments(directory, block, native);
    this.#allocated = new AllocatedTensors(this.#pool);
    this.#incoming = new IncomingTensors(this.#segments, this.#allocated);
    this.#outgoing = new OutgoingTensors(this.#pool, this.#allocated, this.#incoming);
    this.#canMap = native !== undefined;
  }

  /**
   * A tensor that lives in shared memory, with whatever was there before as its content: sent to the
   * worker it is not copied. `undefined`: not possible here (no native part), or 20 are in use.
   *
   * @throws TrError `TR_INVALID_ARGUMENT`, `TR_WORKSPACE_FULL`
   */
  allocate(shape: readonly number[], dtype: Dtype): Tensor | undefined {
    const entry = newTensor(shape, dtype);
    if (!this.#canMap) return undefined;
    const bytes = bytesOf(entry);
    if (bytes === 0) return tensorOver(new ArrayBuffer(0), entry);
    this.#watch();
    const buffer = this.#allocated.allocate(bytes);
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
   * those of {@link allocate}, and those that Python has made with `empty()`, are there already. What is very small
   * is attached to the message. The result goes with the request that names their tags.
   * `undefined`: every segment is lent, so that they must go another way.
   *
   * @throws TrError `TR_WORKSPACE_FULL`, and `TR_INVALID_ARGUMENT` for one that was released; with nothing kept
   */
  put(tensors: readonly TaggedTensor[]): PlacedTensors | Promise<PlacedTensors> | undefined {
    this.#watch();
    return this.#outgoing.put(tensors);
  }

  /** The request did not go out, or was taken back: its segments are free again. */
  reclaim(placed: PlacedTensors): void {
    this.#outgoing.reclaim(placed);
  }

  /**
   * The tensors of a response, by tag: each in memory of its own, or over the worker's pages, which it then
   * keeps; gives the other segments back.
   *
   * @param value the response's field `memory`
   * @param attached what followed the response's text; the tensors' from now on
   * @throws TrError `TR_PROTOCOL`, `TR_SEGMENT_LOST`
   */
  take(value: unknown, attached?: Uint8Array): Map<string, Tensor> | Promise<Map<string, Tensor>> {
    return this.#incoming.take(value, attached);
  }

  /** A response whose tensors nobody wants. */
  drop(value: unknown, attached?: Uint8Array): void {
    this.#incoming.drop(value, attached);
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
    await Promise.all([this.#outgoing.settled(), this.#incoming.settled()]);
  }

  /** Tensors that live in shared memory stay valid until they are released or collected. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.settled();
    this.#pool.close();
    this.#segments.close();
  }

  #watch(): void {
    this.#timer ??= setInterval(() => this.trim(), trimMs).unref();
  }
}
