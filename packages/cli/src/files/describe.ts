import type { StoredTensor, TensorFile } from "./tensor-file.js";
import { visible } from "./visible.js";

/** What `--json` prints of a file. */
export function asJson({
  path,
  format,
  version,
  fileBytes,
  flags,
  tensors,
  metadata,
}: TensorFile): object {
  return {
    ...{ file: path, format, version: version ?? null, bytes: fileBytes, flags, metadata },
    tensors: tensors.map(({ name, dtype, shape, elements, payloadBytes }) => ({
      ...{ name: name ?? null, dtype, shape, elements, bytes: payloadBytes },
    })),
  };
}

/** The same for people: a line for the file, and one for each tensor where there may be several. */
export function asText({ path, format, version, fileBytes, flags, tensors, metadata }: TensorFile) {
  const kind = [format === "tsr" ? "TSR" : format, version].filter(Boolean).join(" ");
  const about = [kind, ...flags];
  const [only] = tensors;
  if (only !== undefined && only.name === undefined) {
    const { dtype, shape, elements, payloadBytes } = only;
    const parts = [...about, `${dtype} [${shape.join(", ")}]`];
    return `${path}: ${parts.join(", ")}, ${count(elements, "element")}, ${count(payloadBytes, "byte")}\n`;
  }
  const remarks = Object.entries(metadata).map(([key, value]) => `  ${key}: ${short(value)}\n`);
  const rows = tensors.map(rowOf);
  const widths = [0, 1, 2, 3].map((column) =>
    Math.max(0, ...rows.map((row) => (row[column] ?? "").length)),
  );
  const lines = rows.map((row) => {
    const cells = row.map((cell, column) => cell.padEnd(widths[column] ?? 0));
    return `  ${cells.join("  ").trimEnd()}\n`;
  });
  const head = [...about, count(tensors.length, "tensor"), count(fileBytes, "byte")];
  return [`${path}: ${head.join(", ")}\n`, ...remarks, ...lines].join("");
}

function rowOf({ name = "", dtype, shape, elements, payloadBytes }: StoredTensor): string[] {
  const sizes = [count(elements, "element"), count(payloadBytes, "byte")];
  return [visible(name), dtype, `[${shape.join(", ")}]`, ...sizes];
}

function count(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? "" : "s"}`;
}

function short(text: string): string {
  return visible(text.length > 100 ? `${text.slice(0, 100)}…` : text);
}
