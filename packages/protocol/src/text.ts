import { TrError } from "./errors.js";

// ignoreBOM false: a byte order mark, which editors on Windows like to add, is dropped.
const strict = new TextDecoder("utf-8", { fatal: true });
const lenient = new TextDecoder("utf-8");

/** The text of a message file. @throws TrError TR_PROTOCOL when it is not UTF-8 */
export function decodeText(what: string, content: Uint8Array | string): string {
  if (typeof content === "string") return stripMark(content);
  try {
    return strict.decode(content);
  } catch (cause) {
    throw new TrError("TR_PROTOCOL", `The ${what} is not valid UTF-8 text.`, { cause });
  }
}

/** The text of a file that people may write by hand; what is not UTF-8 becomes U+FFFD. */
export function decodeTextLenient(content: Uint8Array | string): string {
  return typeof content === "string" ? stripMark(content) : lenient.decode(content);
}

function stripMark(text: string): string {
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}

/**
 * Space, tab, line feed and carriage return: JSON's white space. Not `\s` or `trim()`, which mean
 * other characters in Python than in JavaScript, and both sides must read the same words.
 */
export function trimSpace(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isSpace(text.charCodeAt(start))) start += 1;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0d;
}

/** The words of a text, separated by JSON's white space. */
export function splitWords(text: string): string[] {
  const trimmed = trimSpace(text);
  return trimmed === "" ? [] : trimmed.split(/[ \t\r\n]+/);
}

/** The first word, and the rest as it stands but for the white space around it. */
export function splitCommand(text: string): { command: string; words: string } {
  const trimmed = trimSpace(text);
  const end = trimmed.search(/[ \t\r\n]/);
  if (end === -1) return { command: trimmed, words: "" };
  return { command: trimmed.slice(0, end), words: trimSpace(trimmed.slice(end)) };
}
