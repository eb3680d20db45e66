import { extname } from "node:path";
import { FileError } from "./file-error.js";

export const formats = ["tsr", "npy", "safetensors"] as const;
export type Format = (typeof formats)[number];

export function formatOfName(path: string): Format | undefined {
  const extension = extname(path).slice(1).toLowerCase();
  return formats.find((format) => format === extension);
}

/**
 * What a file is by its first bytes, whatever it is called; `"tsr4"` is a TSR 4.20 container. One of a known
 * name that begins otherwise is taken for what it is called, so that its reader can say what is wrong.
 *
 * @throws FileError `TR_UNKNOWN_FORMAT`
 */
export function formatOf(path: string, start: Uint8Array): Format | "tsr4" {
  const text = Buffer.from(start.subarray(0, 6)).toString("latin1");
  if (text === "\x93NUMPY") return "npy";
  if (text.startsWith("TSR4")) return "tsr4";
  if (text.startsWith("TSR!")) return "tsr";
  const named = formatOfName(path);
  if (named !== undefined) return named;
  // The format has no magic: eight bytes of length, then the brace of a JSON object.
  if (start[8] === 0x7b) return "safetensors";
  const found = JSON.stringify(text);
  throw new FileError(
    "TR_UNKNOWN_FORMAT",
    `${path}: expected a TSR, npy or safetensors file, found one that begins with ${found}`,
  );
}
