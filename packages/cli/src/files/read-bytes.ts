import type { FileHandle } from "node:fs/promises";

/** Fills `target` from `position` on; what it gives is shorter only at the end of the file. */
export async function readInto(
  handle: FileHandle,
  target: Uint8Array,
  position: number,
): Promise<Uint8Array> {
  // Systems read less than 2 GiB at once.
  const most = 2 ** 30;
  let length = 0;
  while (length < target.length) {
    const wanted = Math.min(target.length - length, most);
    const { bytesRead } = await handle.read(target, length, wanted, position + length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return target.subarray(0, length);
}
