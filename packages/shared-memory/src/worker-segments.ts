import type { HostBlock } from "./host-block.js";
import { hostWords, workerWords } from "./layout.js";
import type { SegmentEntry } from "./memory-field.js";
import { SegmentFile } from "./segment-file.js";
import { segmentName } from "./segment-pool.js";

interface Opened {
  readonly generation: number;
  readonly segment: SegmentFile;
}

/** The worker's segments as the host reads them: each is opened once. */
export class WorkerSegments {
  readonly #directory: string;
  readonly #block: HostBlock;
  readonly #opened = new Map<number, Opened>();

  constructor(directory: string, block: HostBlock) {
    this.#directory = directory;
    this.#block = block;
  }

  /** @throws TrError `TR_SEGMENT_LOST` */
  open([owner, place, generation, , size]: SegmentEntry): SegmentFile {
    const known = this.#opened.get(place);
    if (known?.generation === generation) return known.segment;
    this.#forget(place);
    const name = segmentName(owner, place, generation);
    const segment = SegmentFile.open(this.#directory, name, size);
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
      if (this.#block.workerWord(workerWords.generation + place) !== generation) this.#forget(place);
    }
  }

  close(): void {
    for (const place of this.#opened.keys()) this.#forget(place);
  }

  #forget(place: number): void {
    this.#opened.get(place)?.segment.close();
    this.#opened.delete(place);
  }
}
