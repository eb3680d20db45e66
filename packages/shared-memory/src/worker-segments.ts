import type { HostBlock } from "./host-block.js";
import { hostWords, workerWords } from "./layout.js";
import { MappedSegment } from "./mapped-segment.js";
import { malformed, segmentLost } from "./memory-errors.js";
import type { SegmentEntry } from "./memory-field.js";
import type { Native } from "./native.js";
import type { Segment } from "./segment.js";
import { SegmentFile } from "./segment-file.js";
import { isSince, segmentName } from "./segment-pool.js";

/** One of the worker's segments, lent to the host once or several times. It goes back when the last user leaves. */
export class BorrowedSegment {
  readonly generation: number;
  /** As it was opened, if it was. */
  segment: Segment | undefined;
  readonly #giveBack: (lend: number) => void;
  #lend: number;
  #users = 0;

  constructor(generation: number, lend: number, giveBack: (lend: number) => void) {
    this.generation = generation;
    this.#lend = lend;
    this.#giveBack = giveBack;
  }

  /** The number of the last lend. */
  get lend(): number {
    return this.#lend;
  }

  /** With the number of a lend, or one more user of those that are there. */
  enter(lend = this.#lend): void {
    if (isSince(lend, this.#lend)) this.#lend = lend;
    this.#users++;
  }

  leave(): void {
    if (--this.#users === 0) this.#giveBack(this.#lend);
  }
}

/** The worker's segments as the host reads them. */
export class WorkerSegments {
  readonly #directory: string;
  readonly #block: HostBlock;
  readonly #native: Native | undefined;
  readonly #places = new Map<number, BorrowedSegment>();

  constructor(directory: string, block: HostBlock, native?: Native) {
    this.#directory = directory;
    this.#block = block;
    this.#native = native;
  }

  /** Of a segment that came with a message; the reader of the message is its first user. */
  borrow([, place, generation, lend]: SegmentEntry): BorrowedSegment {
    let borrowed = this.#places.get(place);
    if (borrowed?.generation !== generation) {
      borrowed?.segment?.close();
      const giveBack = (last: number) => this.#giveBack(place, last);
      borrowed = new BorrowedSegment(generation, lend, giveBack);
      this.#places.set(place, borrowed);
    }
    borrowed.enter(lend);
    return borrowed;
  }

  /** Opens it once. @throws TrError `TR_PROTOCOL`, `TR_SEGMENT_LOST` */
  open(borrowed: BorrowedSegment, entry: SegmentEntry): Segment {
    const [, place, , , size, where] = entry;
    borrowed.segment ??= this.#open(entry);
    const { segment } = borrowed;
    // Where tensors lie in it was checked against the size that was said.
    if (segment.size === size && segment.where === where) return segment;
    throw malformed(`segment ${place}`, `${segment.size} bytes as before`, size);
  }

  #open([, place, generation, , size, where]: SegmentEntry): Segment {
    const name = segmentName("worker", place, generation);
    if (where === "") return SegmentFile.open(this.#directory, name, size);
    if (this.#native !== undefined) return MappedSegment.open(this.#native, where, size);
    throw segmentLost(`a memory file of the worker (${where})`, size, "no way to map it");
  }

  /** Closes those that the worker has removed. */
  trim(): void {
    this.#block.refresh();
    for (const [place, borrowed] of this.#places) {
      if (this.#block.workerWord(workerWords.generation + place) === borrowed.generation) continue;
      borrowed.segment?.close();
      this.#places.delete(place);
    }
  }

  close(): void {
    for (const borrowed of this.#places.values()) borrowed.segment?.close();
    this.#places.clear();
  }

  /** The worker may use it again; it sees that with the next message. */
  #giveBack(place: number, lend: number): void {
    this.#block.setHostWord(hostWords.returned + place, lend);
  }
}
