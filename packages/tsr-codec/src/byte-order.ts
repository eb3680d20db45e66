/** All formats here are little-endian, as nearly every machine is. */
export const hostIsLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** Reverses the bytes of every element, in place. */
export function swapBytes(bytes: Uint8Array, elementSize: number): void {
  for (let at = 0; at < bytes.length; at += elementSize) {
    for (let low = at, high = at + elementSize - 1; low < high; low++, high--) {
      const byte = bytes[low] as number;
      bytes[low] = bytes[high] as number;
      bytes[high] = byte;
    }
  }
}

export function writeInt32(target: Uint8Array, at: number, value: number): void {
  target[at] = value;
  target[at + 1] = value >> 8;
  target[at + 2] = value >> 16;
  target[at + 3] = value >> 24;
}

/** `value` is an integer from 0 to 2^53 - 1. */
export function writeInt64(target: Uint8Array, at: number, value: number): void {
  writeInt32(target, at, (value % 2 ** 32) | 0);
  writeInt32(target, at + 4, Math.floor(value / 2 ** 32));
}

/** A copy of its own; `slice` would give a view where the bytes are a Node Buffer. */
export function copyOf(bytes: Uint8Array, start: number, end: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes.subarray(start, end));
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
