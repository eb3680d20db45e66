import type { FileHandle } from "node:fs/promises";
import { encodeHeader } from "@tr/tsr-codec";
import { encodeNpyHeader } from "@tr/tsr-codec/npy";
import { encodeSafetensorsHeader } from "@tr/tsr-codec/safetensors";
import { type ReadElements, widen } from "./elements.js";
import type { PlannedFile, PlannedTensor } from "./plan-outputs.js";

/** Writes a file's header, then its tensors' elements as they are read; `onBytes` is told how many were. */
export async function writeFile(
  handle: FileHandle,
  file: PlannedFile,
  metadata: Readonly<Record<string, string>>,
  read: ReadElements,
  onBytes: (bytes: number) => void,
): Promise<void> {
  const { header, tensors } = begin(file, metadata);
  await handle.writeFile(header);
  for (const { dtype, stored } of tensors) {
    for await (const piece of read(stored)) {
      await handle.writeFile(dtype === stored.dtype ? piece : widen(piece, stored.dtype));
      onBytes(piece.length);
    }
  }
}

/** The header, and the tensors in the order in which it announces them. */
function begin(
  { format, tensors }: PlannedFile,
  metadata: Readonly<Record<string, string>>,
): { header: Uint8Array; tensors: readonly PlannedTensor[] } {
  if (format !== "safetensors") {
    const [tensor] = tensors as [PlannedTensor];
    const encode = format === "npy" ? encodeNpyHeader : encodeHeader;
    return { header: encode({ dtype: tensor.dtype, shape: tensor.shape }), tensors };
  }
  const named = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const options = Object.keys(metadata).length > 0 ? { metadata } : {};
  const { header, order } = encodeSafetensorsHeader(named, options);
  return { header, tensors: order.map((name) => named.get(name) as PlannedTensor) };
}
