import { refuse, type TsrError } from "./tsr-error.js";

/** The dict at the start of an npy file. */
export interface NpyDict {
  /** A dtype text such as `<f4`; undefined for a structured dtype, which is a list. */
  readonly descr: string | undefined;
  readonly fortranOrder: boolean;
  readonly shape: readonly number[];
}

const token =
  /\s*(?:(?<mark>[{}():,[\]])|'(?<single>[^'\\]*)'|"(?<double>[^"\\]*)"|(?<word>True|False)|(?<int>-?\d+)L?)/y;

type Token = { mark: string } | { text: string } | { flag: boolean } | { int: number };

/**
 * Reads the Python dict literal of an npy header. Only what numpy writes there: a dict of texts,
 * booleans and a tuple of integers, never an expression.
 * @throws TsrError `TSR_BAD_HEADER_SIZE`
 */
export function parseNpyDict(text: string): NpyDict {
  const tokens = tokenize(text);
  let at = 0;
  const isMark = (mark: string) => {
    const next = tokens[at];
    return next !== undefined && "mark" in next && next.mark === mark;
  };
  const take = (mark: string) => {
    if (!isMark(mark)) throw malformed(`"${mark}" as token ${at}`, text);
    at++;
  };

  const takeShape = (): number[] => {
    const shape: number[] = [];
    take("(");
    while (!isMark(")")) {
      const next = tokens[at++];
      if (next === undefined || !("int" in next)) throw malformed("integers in shape", text);
      shape.push(next.int);
      // One element without a comma is no tuple in Python.
      if (!isMark(")") || shape.length === 1) take(",");
    }
    take(")");
    return shape;
  };

  const takeDescr = (): string | undefined => {
    const next = tokens[at++];
    if (next !== undefined && "text" in next) return next.text;
    if (next === undefined || !("mark" in next) || next.mark !== "[") {
      throw malformed("a dtype as descr", text);
    }
    for (let depth = 1; depth > 0; at++) {
      if (at >= tokens.length) throw malformed('"]"', text);
      if (isMark("[")) depth++;
      if (isMark("]")) depth--;
    }
    return undefined;
  };

  const found = new Map<string, unknown>();
  take("{");
  while (!isMark("}")) {
    const key = tokens[at++];
    if (key === undefined || !("text" in key) || found.has(key.text)) {
      throw malformed("descr, fortran_order and shape, each once", text);
    }
    take(":");
    if (key.text === "descr") found.set("descr", takeDescr());
    else if (key.text === "shape") found.set("shape", takeShape());
    else if (key.text === "fortran_order") found.set("fortran_order", takeFlag(tokens[at++], text));
    else throw malformed("descr, fortran_order and shape", text);
    if (!isMark("}")) take(",");
  }
  take("}");
  if (at !== tokens.length) throw malformed("nothing after the dict", text);
  if (found.size !== 3) throw malformed("descr, fortran_order and shape", text);
  return {
    descr: found.get("descr") as string | undefined,
    fortranOrder: found.get("fortran_order") as boolean,
    shape: found.get("shape") as number[],
  };
}

function takeFlag(next: Token | undefined, text: string): boolean {
  if (next === undefined || !("flag" in next)) throw malformed("True or False", text);
  return next.flag;
}

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  const end = text.trimEnd().length;
  let at = 0;
  while (at < end) {
    token.lastIndex = at;
    const groups = token.exec(text)?.groups;
    if (groups === undefined) throw malformed("a Python dict", text);
    at = token.lastIndex;
    const { mark, single, double, word, int } = groups;
    if (mark !== undefined) tokens.push({ mark });
    else if (word !== undefined) tokens.push({ flag: word === "True" });
    else if (int !== undefined) tokens.push({ int: Number(int) });
    else tokens.push({ text: single ?? double ?? "" });
  }
  return tokens;
}

function malformed(expected: string, text: string): TsrError {
  const start = text.trim().slice(0, 120);
  return refuse("TSR_BAD_HEADER_SIZE", "header", expected, JSON.stringify(start));
}
