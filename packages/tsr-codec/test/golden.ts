import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { valueReader } from "../src/element.js";
import { payloadBytes } from "../src/encode.js";
import type { Tensor } from "../src/tensor.js";

const fixtures = new URL("../../../fixtures/", import.meta.url);

export interface TensorFacts {
  name?: string;
  shape: number[];
  dtype: string;
  sha256: string;
  first: (number | string)[];
  sum: number | string;
}

export type Format = "TSR1" | "TSR2" | "TSR4" | "npy" | "safetensors";

export interface AcceptFile {
  file: string;
  format: Format;
  bytes: number;
  sha256: string;
  tensors: TensorFacts[];
}

export interface RejectFile {
  file: string;
  format: Format;
  code: string;
  about: string;
}

/** Throws when the manifest is missing or lists nothing: a test over no files proves nothing. */
function manifest<T>(path: string): T[] {
  const { files } = JSON.parse(readFileSync(new URL(path, fixtures), "utf8")) as { files: T[] };
  if (files.length === 0) throw new Error(`fixtures/${path} lists no files`);
  return files;
}

export const acceptFiles = [
  ...manifest<AcceptFile>("accept/manifest.json"),
  ...manifest<AcceptFile>("accept/extra/manifest.json"),
];
export const rejectFiles = manifest<RejectFile>("reject/manifest.json");

export function readFixture(path: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(path, fixtures)));
}

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** A tensor's facts as a manifest states them, save the sum. */
export function factsOf(tensor: Tensor): Omit<TensorFacts, "name" | "sum"> {
  const { dtype, shape, data } = tensor;
  const read = manifestReader(tensor);
  const first = Array.from({ length: Math.min(data.length, 4) }, (_, i) => {
    const value = read(i);
    // Texts where JSON has no number: 64-bit integers, NaN and the infinities.
    return typeof value === "bigint" || !Number.isFinite(value) ? String(value) : Number(value);
  });
  return { shape: [...shape], dtype, sha256: sha256(payloadBytes(tensor)), first };
}

/** How far the sum of the finite elements is from the manifest's, relative to their size. */
export function sumError(tensor: Tensor, sum: number | string): number {
  const read = manifestReader(tensor);
  if (tensor.dtype === "int64" || tensor.dtype === "uint64") {
    let exact = 0n;
    for (let i = 0; i < tensor.data.length; i++) exact += BigInt(read(i));
    return Number(exact - BigInt(sum));
  }
  let total = 0;
  let size = 0;
  for (let i = 0; i < tensor.data.length; i++) {
    const value = Number(read(i));
    if (!Number.isFinite(value)) continue;
    total += value;
    size += Math.abs(value);
  }
  return Math.abs(total - Number(sum)) / (size || 1);
}

/** Elements as the manifests have them: of bool the bytes. */
function manifestReader({ dtype, shape, data }: Tensor) {
  const plain = dtype === "bool" ? "uint8" : dtype;
  return valueReader({ dtype: plain, shape, data } as Tensor) as (i: number) => number | bigint;
}
