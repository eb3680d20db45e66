import type { FileChannel } from "@tr/file-channel";
import type { Progress } from "@tr/protocol";
import type { TrError } from "@tr/protocol/errors";
import type { Connection } from "@tr/shared-memory";
import type { PendingRequest } from "./pending-request.js";

export interface ExchangeOptions {
  readonly channel: FileChannel;
  /** The shared memory that the worker has opened; without it everything goes by files. */
  readonly connection?: Connection | undefined;
  readonly level: 1 | 2;
  /** How many calls the worker takes at once. */
  readonly concurrency: number;
  /** How long a request that was cancelled may take to end, in ms. */
  readonly cancelGraceMs: number;
  /** Makes the id of a request: never the same again in the session, so that no answer of an earlier process fits. */
  readonly nextId: () => string;
  /** Makes the worker look at cancel.json now. */
  readonly announceCancel: () => void;
  /** Called when the worker has not ended a cancelled request in time: it is to be killed, and `fail` called then. */
  readonly onStuck: (command: string) => void;
  /** Called when the other side breaks the rules so that no answer can be trusted or found any more. */
  readonly onBroken: (error: TrError) => void;
  readonly onProgress: (pending: PendingRequest, progress: Progress) => void;
  /** Called when the number of requests that the worker has not answered changes, or whether somebody waits for one. */
  readonly onPending: (pending: { unanswered: number; isAwaited: boolean }) => void;
}
