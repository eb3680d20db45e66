import type { FileChannel } from "@tr/file-channel";
import type { Connection } from "@tr/shared-memory";
import { FileSlots } from "./file-slots.js";
import { MemorySlots } from "./memory-slots.js";
import type { MessageSlots, ResponseListener } from "./message-slots.js";

/** Those of the shared memory that the worker has opened, else files. */
export function openSlots(
  channel: FileChannel,
  connection: Connection | undefined,
  listener: ResponseListener,
  stop: AbortSignal,
): MessageSlots {
  if (connection === undefined) return new FileSlots(channel, listener, stop);
  return new MemorySlots(connection.slots, listener, stop);
}
