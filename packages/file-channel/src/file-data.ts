import { TrError } from "@tr/protocol/errors";
import type { FileData } from "./file-channel.js";

/** Pieces of bytes to write one after another. */
export interface Pieces {
  views: readonly Uint8Array[];
  bytes: number;
}

const encoder = new TextEncoder();

/** @throws TrError TR_INVALID_ARGUMENT */
export function toPieces(data: FileData): Pieces {
  if (typeof data === "string") {
    const view = encoder.encode(data);
    return { views: [view], bytes: view.byteLength };
  }
  if (data instanceof Uint8Array) return { views: [data], bytes: data.byteLength };
  if (!Array.isArray(data) || !data.every((view) => view instanceof Uint8Array)) {
    throw new TrError(
      "TR_INVALID_ARGUMENT",
      "The data of a file must be a string, a Uint8Array or an array of Uint8Arrays.",
    );
  }
  return { views: data, bytes: data.reduce((sum, view) => sum + view.byteLength, 0) };
}

/**
 * The next views to hand to one `writev`, at most about `maxBytes` together, from `offset` on.
 * `index` and `offset` are where the last write stopped.
 */
export function nextBatch(
  views: readonly Uint8Array[],
  index: number,
  offset: number,
  maxBytes: number,
): Uint8Array[] {
  const batch: Uint8Array[] = [];
  let room = maxBytes;
  let start = offset;
  for (let at = index; at < views.length && room > 0 && batch.length < maxViews; at += 1) {
    const view = views[at] as Uint8Array;
    const piece = view.subarray(start, start + room);
    start = 0;
    if (piece.byteLength > 0) batch.push(piece);
    room -= piece.byteLength;
  }
  return batch;
}

/** Moves the place by so many written bytes. */
export function advance(
  views: readonly Uint8Array[],
  place: { index: number; offset: number },
  written: number,
): void {
  place.offset += written;
  while (place.index < views.length) {
    const length = (views[place.index] as Uint8Array).byteLength;
    if (place.offset < length) return;
    place.offset -= length;
    place.index += 1;
  }
}

/** IOV_MAX is 1,024 on Linux and macOS. */
const maxViews = 512;
