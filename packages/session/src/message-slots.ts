import type { TrError } from "@tr/protocol/errors";

/** Who takes the worker's responses. */
export interface ResponseListener {
  /** Whether a response is to come. */
  readonly isExpecting: () => boolean;
  /** The bytes are valid until it returns. */
  readonly onResponse: (bytes: Uint8Array) => void;
  /** What stands in the place of a response cannot be read. */
  readonly onBroken: (error: TrError) => void;
}

/** Where messages are exchanged with the worker: at most one request and one response are there at a time. */
export interface MessageSlots {
  /** Whether only workers of level 2 read the requests. */
  readonly isTerse: boolean;
  /** Whether the next request can be sent. */
  readonly isRequestTaken: boolean;
  /** Resolves when the next request can be sent; rejects with the signal's reason. */
  untilRequestTaken(signal: AbortSignal): Promise<void>;
  /** @param attached what goes behind the text, where {@link isTerse} @throws TrError `TR_WORKSPACE_FULL` */
  sendRequest(text: string, attached?: Uint8Array): void;
  /** Whether what was sent is the host's again: exactly one of the two sides has it. */
  takeBackRequest(): boolean;
  /** The response that is there, valid until the next call of a method. @throws what stands there instead. */
  takeResponse(): Uint8Array | undefined;
  /** Takes responses as they come, for as long as one is expected. To be called again after each request. */
  listen(): void;
  /** Says at once, not with the next message, that responses were taken: the worker is asked to leave. */
  showTaken(): void;
}
