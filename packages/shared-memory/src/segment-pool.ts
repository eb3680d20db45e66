import type { HostBlock } from "./host-block.js";
import { hostWords, maxSegments, workerWords } from "./layout.js";
import { MappedSegment } from "./mapped-segment.js";
import type { SegmentEntry } from "./memory-field.js";
import type { Native } from "./native.js";
import type { Segment } from "./segment.js";
import { SegmentFile } from "./segment-file.js";
import { sizeClass } from "./size-class.js";

/** One of the host's segments, and whether the worker has it. */
export interface Place {
  readonly index: number;
  generation: number;
  segment: Segment | undefined;
  /** The number of the last lend. */
  lend: number;
  isLent: boolean;
  /** Numbers of lends that never came about, while later ones still may. */
  readonly unsent: Set<number>;
  /** A tensor of the user lives in it. */
  isAllocated: boolean;
  /** The first lend of that tensor, or of the last one that lived here; `undefined`: none did since the last other use. */
  allocatedFrom: number | undefined;
  /** The user's, in which it lives. */
  buffer?: WeakRef<ArrayBuffer> | undefined;
  lastUsed: number;
}

/** Places that tensors of the user leave to the arguments that are copied. */
const reservedPlaces = 4;
/** As many tensors can be allocated at a time. */
export const maxAllocated = maxSegments - reservedPlaces;

/** A segment that nobody has used for so many milliseconds is removed. */
const maxIdleMs = 30_000;

/** The host's segments: few, used again and again, since memory that was never touched costs 25 times what a copy costs. */
export class SegmentPool {
  readonly #directory: string;
  readonly #block: HostBlock;
  readonly #places: Place[] = [];
  readonly #native: Native | undefined;
  #generation = 0;

  /** @param native to make memory files, mapped; without it plain files of the directory */
  constructor(directory: string, block: HostBlock, native?: Native) {
    this.#directory = directory;
    this.#block = block;
    this.#native = native;
  }

  /**
   * A segment of at least so many bytes that nobody uses; `undefined` when all places are lent.
   *
   * @throws TrError `TR_WORKSPACE_FULL`
   */
  lend(bytes: number): Place | undefined {
    const place = this.#find(bytes) ?? this.#make(bytes);
    if (place === undefined) return undefined;
    place.allocatedFrom = undefined;
    this.lendAgain(place);
    return place;
  }

  /**
   * The same for the tensor of a user, which stays the user's until `isAllocated` is set to false;
   * `undefined` also where {@link maxAllocated} are.
   */
  allocate(bytes: number): Place | undefined {
    if (this.#places.filter(({ isAllocated }) => isAllocated).length >= maxAllocated) {
      return undefined;
    }
    const place = this.#find(bytes) ?? this.#make(bytes);
    if (place === undefined) return undefined;
    place.isAllocated = true;
    place.allocatedFrom = following(place.lend);
    place.lastUsed = performance.now();
    return place;
  }

  /** Lends a place that the worker may have already. */
  lendAgain(place: Place): void {
    place.lend = following(place.lend);
    place.isLent = true;
    place.lastUsed = performance.now();
  }

  entry({ index, generation, lend, segment, isAllocated }: Place): SegmentEntry {
    const owner = isAllocated ? "allocated" : "host";
    return [owner, index, generation, lend, segment?.size ?? 0, segment?.where ?? ""];
  }

  /** The worker never got it. The lend before may still be out, and its number is what the worker will return. */
  reclaim([, index, generation, lend]: SegmentEntry): void {
    const place = this.#places[index];
    if (place?.generation !== generation) return;
    place.unsent.add(lend);
    while (place.unsent.delete(place.lend)) place.lend = (place.lend - 1) >>> 0;
  }

  /** The place of an allocated tensor that the worker names; `undefined` when it is not there any more. */
  find([, index, generation, lend]: SegmentEntry): Place | undefined {
    const place = this.#places[index];
    if (place?.segment === undefined || place.generation !== generation) return undefined;
    const { allocatedFrom } = place;
    return allocatedFrom !== undefined && isSince(lend, allocatedFrom) ? place : undefined;
  }

  /** Removes what has not been used for a while; with `all`, everything that is not lent. */
  trim({ all = false } = {}): void {
    this.#block.refresh();
    const oldest = performance.now() - maxIdleMs;
    for (const place of this.#places) {
      if (this.#isFree(place) && (all || place.lastUsed < oldest)) this.#clear(place);
    }
    this.#block.flush();
  }

  /** How many files there are. */
  get count(): number {
    return this.#places.filter(({ segment }) => segment !== undefined).length;
  }

  close(): void {
    for (const { segment } of this.#places) segment?.close();
    this.#places.length = 0;
  }

  /** The smallest that is large enough; not one of many times the size, which the next large tensor needs. */
  #find(bytes: number): Place | undefined {
    const found = this.#search(bytes);
    if (found !== undefined) return found;
    this.#block.refresh(); // something may have come back
    return this.#search(bytes);
  }

  #search(bytes: number): Place | undefined {
    const most = sizeClass(bytes) * 4;
    let best: Place | undefined;
    for (const place of this.#places) {
      const size = place.segment?.size ?? 0;
      if (size < bytes || size > most || !this.#isFree(place)) continue;
      if (best === undefined || size < (best.segment?.size ?? 0)) best = place;
    }
    return best;
  }

  #make(bytes: number): Place | undefined {
    const place = this.#emptyPlace();
    if (place === undefined) return undefined;
    const size = sizeClass(bytes);
    this.#generation++;
    const name = segmentName("host", place.index, this.#generation);
    place.segment =
      this.#native === undefined
        ? SegmentFile.create(this.#directory, name, size)
        : MappedSegment.create(this.#native, size);
    place.generation = this.#generation;
    this.#block.setHostWord(hostWords.generation + place.index, this.#generation);
    return place;
  }

  #emptyPlace(): Place | undefined {
    const empty = this.#places.find(({ segment }) => segment === undefined);
    if (empty !== undefined) return empty;
    if (this.#places.length < maxSegments) {
      const index = this.#places.length;
      const place: Place = {
        index,
        generation: 0,
        segment: undefined,
        lend: 0,
        isLent: false,
        unsent: new Set(),
        isAllocated: false,
        allocatedFrom: undefined,
        lastUsed: 0,
      };
      this.#places.push(place);
      return place;
    }
    const free = this.#places.filter((place) => this.#isFree(place));
    const oldest = free.sort((a, b) => a.lastUsed - b.lastUsed)[0];
    if (oldest !== undefined) this.#clear(oldest);
    return oldest;
  }

  #clear(place: Place): void {
    place.segment?.remove();
    place.segment = undefined;
    place.allocatedFrom = undefined;
    this.#block.setHostWord(hostWords.generation + place.index, 0);
  }

  #isFree(place: Place): boolean {
    if (place.isLent && this.#block.workerWord(workerWords.returned + place.index) === place.lend) {
      place.isLent = false;
      place.unsent.clear();
    }
    return !place.isLent && !place.isAllocated;
  }
}

/** The numbers of lends wrap at 2^32. */
const following = (lend: number): number => (lend + 1) >>> 0;

export const isSince = (lend: number, first: number): boolean => ((lend - first) | 0) >= 0;

export function segmentName(owner: "host" | "worker", place: number, generation: number): string {
  return `${owner}-${place}-${generation}.segment`;
}
