/** What a message is written from: text as UTF-8, bytes, or pieces that follow each other. */
export type FileData = string | Uint8Array | readonly Uint8Array[];

export interface ReadOptions {
  /** Refuses a larger file before anything is allocated (TR_PROTOCOL). Default: no limit. */
  maxBytes?: number | undefined;
}

export interface WaitOptions {
  /** Milliseconds; 0 looks once; undefined waits for ever. */
  timeoutMs: number | undefined;
  signal?: AbortSignal | undefined;
  /** Whether the pending wait keeps the program running. Default true. */
  keepAlive?: boolean | undefined;
  /** The other side rings the bell for it: no other change in the directory is a hint. Without a bell this says nothing. */
  isRung?: boolean | undefined;
}

/**
 * Small files in one directory that two processes exchange: each is replaced whole or not at all,
 * read and deleted, and waited for. `name` is always a file name (see `fileNamePattern`), never a
 * path; anything else is TR_INVALID_ARGUMENT.
 *
 * Errors of every method are TrErrors: TR_WORKSPACE_FULL when the data did not fit, TR_PROTOCOL for
 * something that is not a plain file and for any other failure of the system, with its `cause`.
 */
export interface FileChannel {
  readonly directory: string;
  /** "off": not asked for, or the system refused; the wait then lives on the poll alone. */
  readonly notifications: "on" | "off";

  /** Replaces the file at once or leaves the old content in place. For small messages. */
  writeSync(name: string, data: FileData): void;
  /** The same without blocking the event loop, however large the data is. It must not change meanwhile. */
  write(
    name: string,
    data: FileData,
    options?: { signal?: AbortSignal | undefined },
  ): Promise<void>;

  /** The content, or undefined when there is no such file. */
  readSync(name: string, options?: ReadOptions): Uint8Array | undefined;
  /** Reads, then deletes. */
  takeSync(name: string, options?: ReadOptions): Uint8Array | undefined;
  /** The same without blocking the event loop. The bytes lie in a buffer of their own. */
  take(
    name: string,
    options?: ReadOptions & { signal?: AbortSignal | undefined },
  ): Promise<Uint8Array | undefined>;

  /**
   * From here on a file that was taken may be written again under another name. Only where the other
   * side has no file open, or mapped, that it has passed on.
   */
  reuseFiles(): void;
  /**
   * From here on waits for what `isRung` listen to changes of this one file, which the other side makes for
   * them, instead of to all that happens in the directory.
   */
  listenTo(bell: string): void;

  exists(name: string): boolean;
  /** False when there was no such file. */
  removeSync(name: string): boolean;
  /** The names of all files, sorted, without temporary ones. */
  list(): string[];

  /**
   * Calls `look` at once and whenever something may have changed, until it returns something else
   * than undefined. Resolves to undefined after `timeoutMs`; rejects with the signal's reason after
   * an abort, with what `look` throws, and with TR_SESSION_CLOSED after `close()`.
   */
  waitFor<T>(look: () => T | undefined, options: WaitOptions): Promise<T | undefined>;
  /** Calls `listener` after changes, once for a burst of them; a hint only. Returns how to stop. */
  onHint(listener: () => void): () => void;
  /** Ends all waits and notifications. Files may still be written, read and removed. */
  close(): void;
}
