import { slotBytes } from "./layout.js";

/**
 * The control block as the host touches it. What the worker wrote is as it was at the last `refresh`;
 * what the host sets shows at the latest after `flush`, which is a full memory barrier and says whether
 * anything had been set since the last.
 */
export interface HostBlock {
  refresh(): void;
  /** A word of the worker's line. */
  workerWord(word: number): number;
  /** A word of the host's line. */
  setHostWord(word: number, value: number): void;
  flush(): boolean;
  /** Copies a text, and what is attached to it, into the request slot; false when it is longer than the slot, whose content is then spoilt. */
  putRequest(text: string, attached?: Uint8Array): boolean;
  /** Instead of a text: the length of one that is elsewhere. */
  putRequestLength(length: number): void;
  responseLength(): number;
  /** A view of memory that the next call overwrites. */
  readResponse(length: number): Uint8Array;
  close(): void;
}

/** The longest message that is not spilled. */
export const maxSlotMessage: number = slotBytes - 4;

const encoder = new TextEncoder();

/** Writes a message; its length, or `undefined` when there is no room for it. */
export function putMessage(
  into: Uint8Array,
  text: string,
  attached: Uint8Array | undefined,
): number | undefined {
  if (text.length > into.length) return undefined;
  const { read, written } = encoder.encodeInto(text, into);
  if (read < text.length) return undefined;
  if (attached === undefined) return written;
  const length = written + 1 + attached.length;
  if (length > into.length) return undefined;
  into[written] = 0;
  into.set(attached, written + 1);
  return length;
}
