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
  const edges = count > summaryAbove ? edgeItems : 2 ** 53;
  const read = valueReader(tensor);
  if (shape.length === 0) return String(shortest(read(0), tensor.dtype));

  const write = (word: (index: number) => string, axis = 0, offset = 0): string => {
    if (axis === shape.length) return word(offset);
    const stride = shape.slice(axis + 1).reduce((product, size) => product * size, 1);
    const items = visible(shape[axis] as number, edges).map((i) =>
      i === undefined ? "…" : write(word, axis + 1, offset + i * stride),
    );
    const indent = " ".repeat(axis + 1);
    const inner = shape.length - axis - 1;
    const body =
      inner === 0
        ? wrap(items, indent, lineWidth - shape.length)
        : items.join("\n".repeat(inner) + indent);
    return `[${body}]`;
  };
  // Once to find out which elements are shown, since their width depends on all of them.
  const shown: number[] = [];
  write((index) => {
    shown.push(index);
    return "";
  });
  const texts = formatNumbers(shown.map(read), tensor.dtype).values();
  return write(() => texts.next().value as string);
}

/** The indices along an axis that are shown; undefined stands for those left out. */
function visible(size: number, edges: number): (number | undefined)[] {
  return Array.from({ length: Math.min(size, 2 * edges + 1) }, (_, i) => {
    if (i < edges || size <= 2 * edges) return i;
    return i > edges ? size - 2 * edges - 1 + i : undefined;
  });
}

function wrap(items: readonly string[], indent: string, width: number): string {
  const lines: string[] = [];
  for (const item of items) {
    const line = lines.pop() ?? "";
    if (line === "") lines.push(item);
    else if (indent.length + line.length + 1 + item.length > width) lines.push(line, item);
    else lines.push(`${line} ${item}`);
  }
  return lines.join(`\n${indent}`);
}
