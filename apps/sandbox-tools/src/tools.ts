/** What the tools give; each is described at its Python function. */

export interface Hit {
  readonly source: string;
  /** From the page's title down to the section's. */
  readonly headings: readonly string[];
  readonly line: number;
  readonly text: string;
  /** 0 to 1. */
  readonly score: number;
}

export interface ShellResult {
  /** `null`: it was stopped. */
  readonly exit_code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly cwd: string;
  readonly timed_out: boolean;
  /** What became of the shell, if not all is well. */
  readonly note: string | null;
}

export interface CodeResult {
  readonly stdout: string;
  readonly stderr: string;
  /** Of the last expression. */
  readonly value: { readonly repr: string; readonly type: string; readonly json?: unknown } | null;
  readonly error: { readonly type: string; readonly message: string; traceback: string } | null;
  readonly figures: readonly Partial<Picture>[];
  readonly timed_out: boolean;
  readonly note: string | null;
}

export interface Picture {
  /** In base64. */
  readonly png: string;
  readonly width: number;
  readonly height: number;
  readonly alt: string;
}

export interface Page {
  readonly url: string;
  readonly title: string;
}
