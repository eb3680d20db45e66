import { valueReader } from "./element.js";
import { formatNumbers, shortest } from "./format-number.js";
import { checkTensor, type Tensor } from "./tensor.js";

// numpy's defaults (numpy.set_printoptions).
const summaryAbove = 1000;
const edgeItems = 3;
const lineWidth = 75;

/**
 * The elements as text, laid out as numpy prints them: aligned in columns, lines of up to 75
 * characters, and of more than 1,000 elements only the first and last three along each axis with an
 * … between them.
 */
export function format(tensor: Tensor): string {
  const count = checkTensor(tensor);
  if (count === 0) return "[]";
  const { shape } = tensor;
  const edges = count > summaryAbove ? edgeItems : Number.POSITIVE_INFINITY;
  const shown = visibleIndices(shape, edges);
  const read = valueReader(tensor);
  const values = shown.map(read);
  if (shape.length === 0) return String(values.map((value) => shortest(value, tensor.dtype))[0]);
  const texts = formatNumbers(values, tensor.dtype);
  const words = new Map(shown.map((index, i) => [index, texts[i] as string]));

  const write = (axis: number, offset: number): string => {
    if (axis === shape.length) return words.get(offset) as string;
    const stride = shape.slice(axis + 1).reduce((product, size) => product * size, 1);
    const items = visible(shape[axis] as number, edges).map((i) =>
      i === undefined ? "…" : write(axis + 1, offset + i * stride),
    );
    const indent = " ".repeat(axis + 1);
    const inner = shape.length - axis - 1;
    const body =
      inner === 0
        ? wrap(items, indent, lineWidth - shape.length)
        : items.join("\n".repeat(inner) + indent);
    return `[${body}]`;
  };
  return write(0, 0);
}

/** The indices along an axis that are shown; undefined stands for those left out. */
function visible(size: number, edges: number): (number | undefined)[] {
  if (size <= 2 * edges) return Array.from({ length: size }, (_, i) => i);
  const head = Array.from({ length: edges }, (_, i) => i);
  return [...head, undefined, ...head.map((i) => size - edges + i)];
}

function visibleIndices(shape: readonly number[], edges: number): number[] {
  return shape.reduce<number[]>(
    (offsets, size) => {
      const along = visible(size, edges).filter((i) => i !== undefined);
      return offsets.flatMap((offset) => along.map((i) => offset * size + i));
    },
    [0],
  );
}

function wrap(items: readonly string[], indent: string, width: number): string {
  let text = "";
  let line = indent;
  for (const item of items) {
    if (line.length > indent.length && line.length + item.length > width) {
      text += `${line.trimEnd()}\n`;
      line = indent;
    }
    line += `${item} `;
  }
  // The opening bracket stands where the first line's indent ends.
  return (text + line.slice(0, -1)).slice(indent.length);
}
