/** The memory of an array as bytes, not copied. */
export const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array): Buffer =>
  Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);

/** Received bytes as floats: a view, or a copy where they lie askew or in a pool that others share. */
export function floatsOf(bytes: Uint8Array): Float32Array {
  const { buffer, byteOffset, byteLength } = bytes;
  const isOwn = buffer.byteLength - byteLength < 64 && byteOffset % 4 === 0;
  if (isOwn) return new Float32Array(buffer, byteOffset, byteLength / 4);
  return new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength));
}
