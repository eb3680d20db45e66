/** Memory that two processes see, as one of them uses it. */
export interface Segment {
  readonly size: number;
  /** How the other side opens it; empty for a file of the session's directory. */
  readonly where: string;
  /** Copies into it, large arrays without blocking the event loop. @throws TrError `TR_WORKSPACE_FULL` */
  write(bytes: Uint8Array, offset: number): void | Promise<void>;
  /** Copies out of it. @throws TrError `TR_SEGMENT_LOST` */
  read(offset: number, length: number): ArrayBuffer | Promise<ArrayBuffer>;
  /** Memory in which a tensor can live; `undefined`: this segment is not mapped. */
  view(offset: number, length: number): ArrayBuffer | undefined;
  /** Nothing refers to such memory any more. */
  release(): void;
  close(): void;
  /** Closes it and takes its name away; its space is free again when the other side has closed it too. */
  remove(): void;
}
