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
  /** Copies a text into the request slot; false when it is longer than the slot, whose content is then spoilt. */
  putRequest(text: string): boolean;
  /** Instead of a text: the length of one that is elsewhere. */
  putRequestLength(length: number): void;
  responseLength(): number;
  /** A view of memory that the next call overwrites. */
  readResponse(length: number): Uint8Array;
  close(): void;
}

/** The longest message that is not spilled. */
export const maxSlotMessage: number = slotBytes - 4;
