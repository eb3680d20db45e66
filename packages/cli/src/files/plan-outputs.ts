import { basename, extname, join } from "node:path";
import type { Dtype } from "@tr/tsr-codec";
import { FileError } from "./file-error.js";
import { type Format, formatOfName } from "./formats.js";
import type { StoredTensor, TensorFile } from "./tensor-file.js";

export interface Wishes {
  /** Default: what the output's name says. */
  readonly to?: Format | undefined;
  /** The names of those to write. Default: all. */
  readonly names: readonly string[];
  /** 16-bit floats become float32. */
  readonly float32: boolean;
  readonly isFolder: boolean;
}

export interface PlannedTensor {
  /** In the output, where that has names. */
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly stored: StoredTensor;
}

export interface PlannedFile {
  readonly path: string;
  readonly format: Format;
  readonly tensors: readonly PlannedTensor[];
}

/** Which files come of a file. @throws FileError before anything is read or written. */
export function planOutputs(file: TensorFile, out: string, wishes: Wishes): PlannedFile[] {
  const { isFolder } = wishes;
  const format = wishes.to ?? (isFolder ? undefined : formatOfName(out));
  if (format === undefined) {
    const what = isFolder ? "is a folder" : "does not end with .tsr, .npy or .safetensors";
    const remedy = "Name the format: --to tsr, npy or safetensors.";
    throw new FileError("TR_UNKNOWN_FORMAT", `${out} ${what}. ${remedy}`);
  }
  const tensors = choose(file, wishes.names).map((stored) => plan(file, stored, format, wishes));
  if (isFolder) {
    const fileNames = fileNamesOf(tensors.map(({ name }) => name));
    return tensors.map((tensor, i) => ({
      ...{ path: join(out, `${fileNames[i]}.${format}`), format, tensors: [tensor] },
    }));
  }
  if (format !== "safetensors" && tensors.length !== 1) throw severalTensors(file, format);
  return [{ path: out, format, tensors }];
}

function choose(file: TensorFile, names: readonly string[]): readonly StoredTensor[] {
  if (names.length === 0) return file.tensors;
  return [...new Set(names)].map((name) => {
    const found = file.tensors.find((tensor) => tensor.name === name);
    if (found !== undefined) return found;
    const known =
      file.tensors.length === 1 && file.tensors[0]?.name === undefined
        ? "one tensor without a name: leave out --tensor"
        : listed(file);
    throw new FileError("TR_NO_SUCH_TENSOR", `--tensor ${name}: ${file.path} has ${known}`);
  });
}

function plan(
  file: TensorFile,
  stored: StoredTensor,
  format: Format,
  { float32 }: Wishes,
): PlannedTensor {
  const isHalf = stored.dtype === "bfloat16" || stored.dtype === "float16";
  const dtype = float32 && isHalf ? "float32" : stored.dtype;
  const name = stored.name ?? basename(file.path, extname(file.path));
  if (format === "npy" && dtype === "bfloat16") {
    const remedy = "Add --float32, which keeps every value, or write .safetensors or .tsr.";
    const what = stored.name === undefined ? file.path : `${file.path}: ${name}`;
    throw new FileError("TSR_BAD_DTYPE", `${what}: npy has no bfloat16. ${remedy}`);
  }
  return { name, dtype, shape: stored.shape, stored };
}

function severalTensors(file: TensorFile, format: Format): FileError {
  if (file.tensors.length === 0) {
    return new FileError("TR_NO_SUCH_TENSOR", `${file.path} has no tensor in it`);
  }
  const remedy = `Choose one with --tensor <name>, or give a folder: <out>/ --to ${format}.`;
  return new FileError(
    "TR_SEVERAL_TENSORS",
    `${file.path} has ${listed(file)}; a .${format} file holds one. ${remedy}`,
  );
}

function listed({ tensors }: TensorFile): string {
  const names = tensors.map(({ name = "" }) => name);
  const more = names.length > 20 ? ` and ${names.length - 20} more (see tr info)` : "";
  return `${names.length} tensors: ${names.slice(0, 20).join(", ")}${more}`;
}

/**
 * Names as names of files on every system: other characters than letters, digits, `.`, `_` and `-` as %XX, so
 * that different names stay different, and none leads out of the folder. Capitals too where two names differ
 * in these alone, which are one file on macOS and Windows.
 */
function fileNamesOf(names: readonly string[]): string[] {
  const times = new Map<string, number>();
  for (const name of names) {
    const caseless = name.toLowerCase();
    times.set(caseless, (times.get(caseless) ?? 0) + 1);
  }
  return names.map((name) =>
    times.get(name.toLowerCase()) === 1 ? fileNameOf(name) : fileNameOf(name, /[^a-z\d_.-]/gu),
  );
}

function fileNameOf(name: string, others = /[^\w.-]/gu): string {
  const hex = (text: string) =>
    [...Buffer.from(text)]
      .map((byte) => `%${byte.toString(16).padStart(2, "0").toUpperCase()}`)
      .join("");
  return name
    .replace(others, hex)
    .replace(/^(\.|(?=(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)).)/i, hex);
}
