/** A docstring in its parts, of Google's or Sphinx's style; whatever is of neither stays in `text`. */
export interface DocParts {
  readonly text: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly returns: string | undefined;
}

const section = /^(Args|Arguments|Parameters|Returns|Return|Yields|Yield):\s*$/;
const field = /^:(?:param(?: [^:]*?)? \*{0,2}(\w+)|(returns?|yields?)|type \w+|rtype):\s*(.*)$/;

/** https://google.github.io/styleguide/pyguide.html#383-functions-and-methods, https://www.sphinx-doc.org/en/master/usage/domains/python.html#info-field-lists */
export function docParts(doc: string | null): DocParts {
  const text: string[] = [];
  const parameters = new Map<string, string>();
  let returns: string | undefined;
  let add: ((line: string) => void) | undefined;
  const addParameter = (name: string) => (line: string) => {
    parameters.set(name, `${parameters.get(name) ?? ""} ${line}`.trim());
  };
  const addReturns = (line: string) => {
    returns = `${returns ?? ""} ${line}`.trim();
  };
  let block: "parameters" | "returns" | undefined;
  let indent = 0;
  for (const line of (doc ?? "").split("\n")) {
    const [, title] = section.exec(line) ?? [];
    const [isField, name, result, rest = ""] = field.exec(line) ?? [];
    if (title !== undefined || isField !== undefined || /^\S/.test(line)) add = block = undefined;
    if (title !== undefined) {
      block = /^(Args|Arg|Param)/.test(title) ? "parameters" : "returns";
      indent = 0;
    } else if (isField !== undefined) {
      add = name ? addParameter(name) : result ? addReturns : () => {};
      if (rest !== "") add(rest);
    } else if (block === "returns") {
      addReturns(line.trim());
    } else if (block === "parameters" && line.trim() !== "") {
      indent ||= line.search(/\S/);
      const [, entry, about = ""] = /^\s*\*{0,2}(\w+)(?: ?\([^)]*\))?:\s*(.*)$/.exec(line) ?? [];
      if (entry !== undefined && line.search(/\S/) === indent) {
        add = addParameter(entry);
        add(about);
      } else add?.(line.trim());
    } else if (add !== undefined) {
      add(line.trim());
    } else if (block === undefined) text.push(line.trimEnd());
  }
  return { text: text.join("\n").trim(), parameters, returns: returns || undefined };
}

/** Lines as a TSDoc comment; an empty list gives none. */
export function docComment(lines: readonly string[], indent: string): string {
  const safe = lines.join("\n").replaceAll("*/", "*\\/").split("\n");
  if (safe.every((line) => line === "")) return "";
  const [only = ""] = safe;
  if (safe.length === 1) return `${indent}/** ${only} */\n`;
  const body = safe.map((line) => `${indent} *${line === "" ? "" : ` ${line}`}\n`).join("");
  return `${indent}/**\n${body}${indent} */\n`;
}
