import { TrError } from "@tr/protocol/errors";
import { type Dtype, dtypes, elementSize } from "@tr/tsr-codec";
import { maxSegments } from "./layout.js";

/**
 * Whose memory it is: `host` and `worker` for what is only there to carry a message's tensors; `allocated`
 * for a tensor that the host's user has made in shared memory, and `given` for one that Python has.
 */
export type SegmentOwner = "host" | "allocated" | "worker" | "given";

const owners: readonly string[] = ["host", "allocated", "worker", "given"];

/**
 * Which segment, and under which number it is lent: `[owner, place, generation, lend, size, where]`.
 * `where` is how the other side opens it: empty for the file `<host or worker>-<place>-<generation>.segment`
 * of the session's directory, else `<pid>:<descriptor>:<inode>` of a memory file.
 */
export type SegmentEntry = [
  owner: SegmentOwner,
  place: number,
  generation: number,
  lend: number,
  size: number,
  where: string,
];

/** In the place of a segment: the bytes are attached to the message. */
export const inMessage = -1;

/** Where a tensor's elements are: row by row, in the machine's byte order, at a multiple of 64. */
export type TensorEntry = [segment: number, offset: number, dtype: Dtype, shape: number[]];

/** The field `memory` of a message: where the tensors are that it names by their tags. */
export interface MemoryField {
  segments: SegmentEntry[];
  tensors: Record<string, TensorEntry>;
}

/** Where tensors begin: what every element type and a cache line need. */
export const alignment = 64;

export const aligned = (bytes: number): number => Math.ceil(bytes / alignment) * alignment;

/**
 * Checks what came with a message, before anything is allocated for it.
 *
 * @param attachedBytes how many the message has behind its text
 * @throws TrError `TR_PROTOCOL`
 */
export function parseMemoryField(value: unknown, attachedBytes = 0): MemoryField {
  const field = value as MemoryField;
  if (
    Object(value) !== value ||
    !Array.isArray(field.segments) ||
    Object(field.tensors) !== field.tensors
  ) {
    throw malformed("an object with segments and tensors", value);
  }
  for (const entry of field.segments) checkSegment(entry);
  for (const [tag, entry] of Object.entries(field.tensors)) {
    checkTensorEntry(tag, entry, field, attachedBytes);
  }
  return field;
}

function checkSegment(entry: SegmentEntry): void {
  if (!Array.isArray(entry)) throw malformed("a list for a segment", entry);
  const [owner, place, generation, lend, size, where] = entry;
  const isSound =
    owners.includes(owner) &&
    isCount(place) &&
    place < maxSegments &&
    isCount(generation) &&
    isCount(lend) &&
    isCount(size) &&
    typeof where === "string";
  if (!isSound) throw malformed("a segment of the session", entry);
}

function checkTensorEntry(
  tag: string,
  entry: TensorEntry,
  { segments }: MemoryField,
  attachedBytes: number,
): void {
  if (!Array.isArray(entry)) throw malformed(`a list for the tensor ${tag}`, entry);
  const [index, offset, dtype, shape] = entry;
  const room = index === inMessage ? attachedBytes : segments[index]?.[4];
  if (room === undefined) throw malformed(`a segment for the tensor ${tag}`, index);
  if (!dtypes.includes(dtype)) throw malformed(`a dtype for the tensor ${tag}`, dtype);
  if (!Array.isArray(shape) || !shape.every(isCount) || shape.length > 32) {
    throw malformed(`a shape for the tensor ${tag}`, shape);
  }
  const fits = isCount(offset) && offset % alignment === 0 && offset + bytesOf(entry) <= room;
  if (!fits) throw malformed(`the tensor ${tag} inside of its ${room} bytes`, entry);
}

/** How many bytes a tensor's elements take; Infinity for a shape that no memory holds. */
export function bytesOf([, , dtype, shape]: TensorEntry): number {
  if (shape.includes(0)) return 0;
  return shape.reduce((product, size) => product * size, elementSize(dtype));
}

/** @throws TrError `TR_INVALID_ARGUMENT` */
export function newTensor(shape: readonly number[], dtype: Dtype): TensorEntry {
  const isShape = Array.isArray(shape) && shape.length <= 32 && shape.every(isCount);
  if (!isShape || !dtypes.includes(dtype) || !isCount(bytesOf([0, 0, dtype, [...shape]]))) {
    throw new TrError(
      "TR_INVALID_ARGUMENT",
      `a tensor in shared memory: expected at most 32 dimensions that are integers of 0 or more, and one of ${dtypes.join(", ")}; found ${JSON.stringify(shape)?.slice(0, 200)} and ${String(dtype)}`,
    );
  }
  return [0, 0, dtype, [...shape]];
}

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;

function malformed(expected: string, found: unknown): TrError {
  return new TrError(
    "TR_PROTOCOL",
    `the field memory: expected ${expected}, found ${JSON.stringify(found)?.slice(0, 200)}`,
  );
}
