import { type FileHandle, open, stat } from "node:fs/promises";
import { type Dtype, maxHeaderSize, readHeader } from "@tr/tsr-codec";
import { readNpyHeader } from "@tr/tsr-codec/npy";
import { readSafetensorsHeader } from "@tr/tsr-codec/safetensors";
import { readContainerHeader } from "@tr/tsr-codec/v4";
import { FileError, inFile } from "./file-error.js";
import { type Format, formatOf } from "./formats.js";
import { readInto } from "./read-bytes.js";

/** A tensor as a file's header tells of it. */
export interface StoredTensor {
  /** In a container its number, from 0; undefined where the format has no names. */
  readonly name: string | undefined;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly elements: number;
  readonly payloadBytes: number;
  /** Where its elements begin in the file. */
  readonly offset: number;
}

/** What the header of a file says. */
export interface TensorFile {
  readonly path: string;
  readonly format: Format;
  readonly version: string | undefined;
  readonly fileBytes: number;
  /** How the elements are stored, where that is not C order, little-endian, uncompressed. */
  readonly flags: readonly ("compressed" | "fortran-order" | "big-endian")[];
  readonly tensors: readonly StoredTensor[];
  readonly metadata: Readonly<Record<string, string>>;
}

/** Enough for most headers; the rest of a longer one is read when its length is known. */
const startBytes = 4096;

/** What the formats allow: safetensors 100 MB, a TSR 4.20 directory of a million tensors less. */
const longestHeader = 8 + 100_000_000;

/**
 * Opens a file, reads its header and nothing else, and checks it, and whether the file is as long as it says.
 *
 * @throws FileError; Error of the system
 */
export async function openTensorFile(
  path: string,
): Promise<{ file: TensorFile; handle: FileHandle }> {
  const status = await stat(path);
  if (!status.isFile()) {
    const found = status.isDirectory() ? "a directory" : "something else";
    throw new FileError("TR_NOT_A_FILE", `${path}: expected a file, found ${found}`);
  }
  const handle = await open(path);
  try {
    const file = await inFile(path, () => readFacts(path, handle, status.size));
    return { file, handle };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function readFacts(path: string, handle: FileHandle, size: number): Promise<TensorFile> {
  const start = await readInto(handle, new Uint8Array(Math.min(startBytes, size)), 0);
  const kind = formatOf(path, start);
  const length = Math.min(headerBytes(kind, start), longestHeader, size);
  const head = length > start.length ? await readInto(handle, new Uint8Array(length), 0) : start;
  return { path, fileBytes: size, flags: [], metadata: {}, ...parse(kind, head, size) };
}

/** How many of a file's bytes its reader needs; its reader says what is wrong with a length that makes no sense. */
function headerBytes(kind: Format | "tsr4", start: Uint8Array): number {
  const view = new DataView(start.buffer, start.byteOffset, start.length);
  switch (kind) {
    case "tsr":
      return maxHeaderSize;
    case "tsr4":
      return 128 + 64 * (start.length < 20 ? 0 : view.getUint32(16, true));
    case "npy":
      if (start.length < 12) return 12;
      return start[6] === 1 ? 10 + view.getUint16(8, true) : 12 + view.getUint32(8, true);
    case "safetensors":
      return start.length < 8 ? 8 : 8 + Number(view.getBigUint64(0, true));
  }
}

function parse(kind: Format | "tsr4", head: Uint8Array, totalBytes: number) {
  const options = { totalBytes };
  switch (kind) {
    case "tsr": {
      const header = readHeader(head, options);
      const tensor = { ...header, name: undefined, offset: header.headerSize };
      return { format: "tsr", version: String(header.version), tensors: [tensor] } as const;
    }
    case "npy": {
      const header = readNpyHeader(head, options);
      const flags = [
        ...(header.fortranOrder ? (["fortran-order"] as const) : []),
        ...(header.bigEndian ? (["big-endian"] as const) : []),
      ];
      const tensor = { ...header, name: undefined, offset: header.headerSize };
      return { format: "npy", version: header.version, flags, tensors: [tensor] } as const;
    }
    case "safetensors": {
      const { tensors, metadata } = readSafetensorsHeader(head, options);
      return { format: "safetensors", version: undefined, tensors, metadata } as const;
    }
    case "tsr4": {
      const { compressed, tensors } = readContainerHeader(head, options);
      const flags = compressed ? (["compressed"] as const) : [];
      const numbered = tensors.map((entry, i) => ({
        ...{ ...entry, name: String(i), payloadBytes: entry.dataBytes },
      }));
      return { format: "tsr", version: "4.20", flags, tensors: numbered } as const;
    }
  }
}
