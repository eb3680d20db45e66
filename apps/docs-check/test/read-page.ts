/** A fenced block of a page. */
export interface Block {
  /** The word after the fence: `ts`, `python`, `sh`, `json`, `output`, or `text` for what is only shown. */
  readonly language: string;
  readonly code: string;
  /** The file that the paragraph above the block names, as in "`server.py`:". */
  readonly name: string | undefined;
  /** Of the opening fence, from 1. */
  readonly line: number;
}

export interface Page {
  readonly blocks: readonly Block[];
  /** Where its links lead, as they are written. */
  readonly links: readonly string[];
  /** The anchors that its headings make. */
  readonly anchors: ReadonlySet<string>;
}

export function readPage(markdown: string): Page {
  const blocks: Block[] = [];
  const prose: string[] = [];
  let open: { language: string; line: number; code: string[] } | undefined;
  markdown.split("\n").forEach((text, index) => {
    const fence = /^```(.*)$/.exec(text);
    if (fence === null) (open?.code ?? prose).push(text);
    else if (open === undefined) open = { language: fence[1] ?? "", line: index + 1, code: [] };
    else {
      const { language, line, code } = open;
      blocks.push({ language, line, code: `${code.join("\n")}\n`, name: nameAbove(prose) });
      prose.push("");
      open = undefined;
    }
  });
  if (open !== undefined) throw new Error(`line ${open.line}: the block is never closed`);
  const text = prose.join("\n");
  return {
    blocks,
    links: [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target),
    anchors: new Set([...text.matchAll(/^#+ (.*)$/gm)].map(([, title = ""]) => anchorOf(title))),
  };
}

/** "`server.py`:" or "…, `main.ts`:" as the end of the paragraph above. */
function nameAbove(prose: readonly string[]): string | undefined {
  const above = prose.findLast((line, index) => line !== "" || index < prose.length - 2);
  return /`([\w.-]+\.\w+)`[^`]*:$/.exec(above ?? "")?.[1];
}

/** As GitHub makes them. */
function anchorOf(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .replace(/\s/g, "-");
}
