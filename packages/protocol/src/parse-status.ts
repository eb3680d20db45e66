import { decodeTextLenient, trimSpace } from "./text.js";

const words = [
  "ready",
  "running",
  "busy",
  "ok",
  "done",
  "error",
  "exit",
  "exiting",
  "terminated",
] as const;

/** The words of both dialects; anything else is `unknown`. */
export type StatusWord = (typeof words)[number] | "unknown";

export interface Status {
  word: StatusWord;
  /** What stands after `error:`. */
  message?: string;
  /** The text as it was found. */
  raw: string;
}

/** Reads `status.txt`. Never fails: people and other programs write this file too. */
export function parseStatus(content: Uint8Array | string): Status {
  const raw = decodeTextLenient(content);
  const text = trimSpace(raw);
  if (text.startsWith("error:")) return { word: "error", message: trimSpace(text.slice(6)), raw };
  return { word: words.find((word) => word === text) ?? "unknown", raw };
}
