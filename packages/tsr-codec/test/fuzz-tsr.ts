// Hostile TSR files, made from good ones. Imports nothing of this package: the differential run
// (scripts/differential) loads this file as it is, without a build.
import { crc32 } from "node:zlib";

/** How many inputs a campaign runs (`pnpm campaign:<name> --size N`), or the short form of the tests. */
export function campaignSize(short: number): number {
  return Number(process.env.TR_CAMPAIGN_SIZE ?? short);
}

/** `pnpm campaign:<name> --seed N`; the ordinary tests always run the same inputs. */
export const campaignSeed = Number(process.env.TR_CAMPAIGN_SEED ?? 1);

/** Integers from 0 to 2^32 - 1, the same for the same seed (xorshift32). */
export type Random = () => number;

export function randomWords(seed: number): Random {
  let state = (Math.imul(seed + 1, 0x9e3779b1) ^ 0x5bd1e995) | 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

/** Where counts, sizes and offsets go wrong: around powers of two, of the format and of number types. */
export const edges: readonly bigint[] = [
  ...[0, 1, 2, 3, 4, 5, 6, 8, 9, 20, 31, 32, 33, 40, 63, 64, 65, 66, 67, 68, 69, 72, 127, 128],
  ...[129, 192, 255, 256, 257, 320, 384, 448, 512, -1, -2, -64, -100],
  ...[16, 30, 31, 32, 33, 40, 52, 53, 54, 60, 61, 62, 63].flatMap((bit) =>
    [-1n, 0n, 1n].map((more) => (1n << BigInt(bit)) + more),
  ),
].map(BigInt);
const words = Int32Array.from(edges, (edge) => Number(BigInt.asIntN(32, edge)));

const longest = 16_000;

/** A buffer with one input at a time, at any alignment, and the changes that need no knowledge of it. */
export class Scratch {
  readonly #buffer = new ArrayBuffer(longest + 8);
  bytes: Uint8Array = new Uint8Array(this.#buffer);
  view: DataView = new DataView(this.#buffer);
  length = 0;
  readonly random: Random;

  constructor(random: Random) {
    this.random = random;
  }

  below(limit: number): number {
    return this.random() % limit;
  }

  start(seed: Uint8Array): void {
    const offset = this.below(8);
    this.bytes = new Uint8Array(this.#buffer, offset);
    this.view = new DataView(this.#buffer, offset);
    this.bytes.set(seed);
    this.length = seed.length;
  }

  resize(length: number, fill: boolean): void {
    const end = Math.min(Math.max(length, 0), longest);
    if (end > this.length) this.bytes.fill(0, this.length, end);
    if (fill) for (let at = this.length; at < end; at++) this.bytes[at] = this.random();
    this.length = end;
  }

  /** Cut, grown, a byte, a bit, a piece of another file, a piece doubled or taken out. */
  damage(other: Uint8Array): void {
    const { length, bytes } = this;
    const at = this.below(length + 1);
    const size = this.below(64);
    const kind = this.below(8);
    if (kind === 0) this.resize(this.below(length + 1), false);
    else if (kind === 1) this.resize(length - 1 - this.below(8), false);
    else if (kind === 2)
      this.resize(length + 1 + this.below(this.below(2) ? 3 : 300), at % 2 === 0);
    else if (kind === 3 && at < length) bytes[at] = this.random();
    else if (kind === 4 && at < length) bytes[at] = (bytes[at] as number) ^ (1 << this.below(8));
    else if (kind === 5) {
      const from = this.below(2) ? at : this.below(other.length + 1);
      const piece = other.subarray(from, from + size);
      bytes.set(piece.subarray(0, length - at), at);
    } else if (kind === 6 && length + size < longest) {
      bytes.copyWithin(at + size, at, length);
      this.length = length + size;
    } else if (kind === 7) {
      bytes.copyWithin(at, Math.min(at + size, length), length);
      this.length = length - Math.min(size, length - at);
    }
  }

  setEdge32(at: number): void {
    if (at + 4 <= this.length)
      this.view.setInt32(at, words[this.below(words.length)] as number, true);
  }

  setEdge64(at: number): void {
    if (at + 8 > this.length) return;
    this.view.setBigInt64(at, BigInt.asIntN(64, edges[this.below(edges.length)] as bigint), true);
  }

  take(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }
}

const multiple = (value: number, unit: number) => Math.ceil(value / unit) * unit;

/** A TSR 1 or TSR 2 file from `seeds`: fields to edges, then damage, then repairs so that later checks are reached. */
export function nextFlat(scratch: Scratch, seeds: readonly Uint8Array[]): Uint8Array {
  scratch.start(seeds[scratch.below(seeds.length)] as Uint8Array);
  for (let changes = scratch.below(4); changes > 0; changes--) {
    const header = Math.min(scratch.length, 64 + 8 * scratch.below(8));
    const kind = scratch.below(8);
    if (kind < 3) scratch.setEdge32(4 * scratch.below(header / 4 || 1));
    else if (kind < 5) scratch.setEdge64(4 * scratch.below(header / 4 || 1));
    else if (kind === 5 && header > 0) scratch.bytes[scratch.below(header)] = scratch.random();
    else if (kind === 6) smallShape(scratch);
    else scratch.damage(seeds[scratch.below(seeds.length)] as Uint8Array);
  }
  if (scratch.below(3) > 0) repairFlat(scratch);
  return scratch.take();
}

/** Dimensions that a file of this size could have. */
function smallShape({ view, length, random }: Scratch): void {
  if (length < 64) return;
  const ndim = view.getInt32(20, true);
  if (view.getInt32(4, true) === 1) {
    for (let axis = Math.max(0, 4 - ndim); axis < 4; axis++) {
      view.setInt32(24 + 4 * axis, random() % 5, true);
    }
  } else {
    for (let axis = 0; axis < Math.min(ndim, 32) && 72 + 8 * axis <= length; axis++) {
      view.setBigInt64(64 + 8 * axis, BigInt(random() % 3), true);
    }
  }
}

const sizes: Readonly<Record<number, number>> = {
  ...{ 1: 4, 2: 1, 3: 4, 4: 2, 5: 2, 6: 8, 7: 2, 8: 1 },
  ...{ 64: 8, 65: 1, 66: 2, 67: 4, 68: 8 },
};

function repairFlat(scratch: Scratch): void {
  const { view, length } = scratch;
  if (length < 64) return;
  const version = view.getInt32(4, true);
  const ndim = view.getInt32(20, true);
  const header = version === 1 ? 64 : multiple(64 + 8 * ndim, 64);
  if (scratch.below(4) > 0) view.setInt32(8, header, true);
  let product = 1n;
  if (version === 1) {
    for (let at = 24; at < 40; at += 4) product *= BigInt(view.getInt32(at, true));
  } else {
    for (let axis = 0; axis < Math.min(ndim, 32) && 72 + 8 * axis <= length; axis++) {
      product *= view.getBigInt64(64 + 8 * axis, true);
    }
  }
  if (scratch.below(4) > 0) view.setBigInt64(40, BigInt.asIntN(64, product), true);
  const size = sizes[view.getInt32(16, true)];
  if (size !== undefined && product >= 0n && product < 1000n && header <= 320 && scratch.below(8)) {
    scratch.resize(header + size * Number(product), true);
  }
}

/** The same for TSR 4.20. */
export function nextContainer(scratch: Scratch, seeds: readonly Uint8Array[]): Uint8Array {
  scratch.start(seeds[scratch.below(seeds.length)] as Uint8Array);
  for (let changes = scratch.below(4); changes > 0; changes--) {
    const entry = 128 + 64 * scratch.below(4);
    const kind = scratch.below(10);
    if (kind < 1) scratch.setEdge32(4 * scratch.below(11));
    else if (kind < 2) scratch.setEdge64(8 + 8 * scratch.below(4));
    else if (kind < 4) scratch.setEdge32(entry + 4 * scratch.below(16));
    else if (kind < 6) scratch.setEdge64(entry + 4 * scratch.below(15));
    else if (kind < 7 && entry < scratch.length) scratch.bytes[entry] = scratch.below(6);
    else if (kind < 8) smallEntry(scratch, entry);
    else scratch.damage(seeds[scratch.below(seeds.length)] as Uint8Array);
  }
  if (scratch.below(4) > 0) repairEntries(scratch);
  if (scratch.length >= 128 && scratch.below(16) > 0) {
    scratch.view.setUint32(40, 0, true);
    scratch.view.setUint32(40, crc32(scratch.bytes.subarray(0, 128)), true);
  }
  return scratch.take();
}

function smallEntry({ view, length, random }: Scratch, entry: number): void {
  if (entry + 64 > length) return;
  for (let at = entry + 4; at < entry + 20; at += 4) view.setInt32(at, 1 + (random() % 3), true);
}

/** Counts, offsets, length and checksums that follow from the shapes; each left out now and then. */
function repairEntries(scratch: Scratch): void {
  const { view, bytes } = scratch;
  if (scratch.length < 128) return;
  const count = view.getUint32(16, true);
  const compressed = view.getUint32(12, true) === 1;
  if (count > 8 || scratch.length < 128 + 64 * count) return;
  let end = 128 + 64 * count;
  const start = (at: number) => (compressed ? at : multiple(at, 256));
  if (scratch.below(8)) view.setBigUint64(32, BigInt(start(end)), true);
  for (let at = 128; at < 128 + 64 * count; at += 64) {
    let numel = 1;
    for (let axis = 0; axis < 4; axis++) numel *= view.getInt32(at + 4 + 4 * axis, true);
    const nbytes = numel * ([4, 2, 1, 4][view.getUint8(at)] ?? 1);
    if (!(nbytes > 0 && nbytes < 4000)) return;
    if (scratch.below(8)) view.setBigInt64(at + 20, BigInt(numel), true);
    if (scratch.below(8)) view.setBigInt64(at + 36, BigInt(nbytes), true);
    if (!compressed && scratch.below(8)) view.setBigInt64(at + 52, BigInt(nbytes), true);
    const stored = Number(view.getBigInt64(at + 52, true));
    if (scratch.below(8)) view.setBigInt64(at + 44, BigInt(start(end)), true);
    if (!(stored >= 0 && stored < 4000)) return;
    bytes.fill(0, Math.min(end, scratch.length), Math.max(end, start(end)));
    const data = bytes.subarray(start(end), start(end) + nbytes);
    end = start(end) + stored;
    if (end > scratch.length) scratch.resize(end, true);
    if (!compressed && scratch.below(8)) view.setUint32(at + 60, crc32(data), true);
  }
  if (scratch.below(8)) scratch.resize(end, true);
}
