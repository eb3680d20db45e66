import type { HostBlock } from "./host-block.js";
import { hostWords, workerWords } from "./layout.js";
import { MappedSegment } from "./mapped-segment.js";
import { malformed, segmentLost } from "./memory-errors.js";
import type { SegmentEntry } from "./memory-field.js";
import type { Native } from "./native.js";
import type { Segment } from "./segment.js";
import { SegmentFile } from "./segment-file.js";
import { segmentName } from "./segment-pool.js";

interface Opened {
  readonly generation: number;
  readonly segment: Segment;
}

/** The worker's segments as the host reads them: each is opened once. */
export class WorkerSegments {
  readonly #directory: string;
  readonly #block: HostBlock;
  readonly #opened = new Map<number, Opened>();

  readonly #native: Native | undefined;

  constructor(directory: string, block: HostBlock, native?: Native) {
    this.#directory = directory;
    this.#block = block;
    this.#native = native;
  }

  /** @throws TrError `TR_PROTOCOL`, `TR_SEGMENT_LOST` */
  open([, place, generation, , size, where]: SegmentEntry): Segment {
    const known = this.#opened.get(place);
    if (known?.generation === generation) {
      // Where tensors lie in it was checked against the size that was said.
      if (known.segment.size === size && known.segment.where === where) return known.segment;
      throw malformed(`segment ${place}`, `${known.segment.size} bytes as before`, size);
    }
    this.#forget(place);
    const segment = this.#open(segmentName("worker", place, generation), size, where);
    this.#opened.set(place, { generation, segment });
    return segment;
  }

  /** The worker may use it again; it sees that with the next message. */
  giveBack([, place, , lend]: SegmentEntry): void {
    this.#block.setHostWord(hostWords.returned + place, lend);
  }

  /** Closes those that the worker has removed. */
  trim(): void {
    this.#block.refresh();
    for (const [place, { generation }] of this.#opened) {
      if (this.#block.workerWord(workerWords.generation + place) !== generation)
        this.#forget(place);
    }
  }

  close(): void {
    for (const place of this.#opened.keys()) this.#forget(place);
  }

  #open(name: string, size: number, where: string): Segment {
    if (where === "") return SegmentFile.open(this.#directory, name, size);
    if (this.#native !== undefined) return MappedSegment.open(this.#native, where, size);
    throw segmentLost(`a memory file of the worker (${where})`, size, "no way to map it");
  }

  #forget(place: number): void {
    this.#opened.get(place)?.segment.close();
    this.#opened.delete(place);
  }
}
